/** The providers' libraries, loaded when a model first uses them. */
import { ToolwayError } from '../../errors.ts';

/** Loads a package that Toolway does without otherwise. Throws `unsupported` with how to install it. */
export const needed = async <T>(name: string, load: () => Promise<T>): Promise<T> => {
  try {
    return await load();
  } catch (cause) {
    // It is looked for from here, not from the working directory: whose code is run is not for a folder to say.
    const how = `npm install ${name}, with --global where Toolway was installed so`;
    throw new ToolwayError('unsupported', `this model needs the package ${name}: ${how}`, { cause });
  }
};

/** Makes a client. Throws `invalid_config` with what it says is missing: mostly a key. */
export const made = <T>(make: () => T): T => {
  try {
    return make();
  } catch (cause) {
    throw new ToolwayError('invalid_config', cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

/** A promise that is made once, and again where it failed. */
export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
};

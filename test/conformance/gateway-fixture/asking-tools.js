/** The tools that the suite's scenarios call by name and that ask their client something, and the prompt that does. */
import { inputRequired } from '@modelcontextprotocol/server';
import { said, wait } from './content.js';
import { capabilitiesOf, takes, tool } from './tools.js';

/** @typedef {import('./tools.js').FixtureTool} FixtureTool */

/** @param {string} message @param {Record<string, unknown>} properties @param {string[]} [required] */
const form = (message, properties, required = Object.keys(properties)) =>
  inputRequired.elicit(
    /** @type {Parameters<typeof inputRequired.elicit>[0]} */ ({
      message,
      requestedSchema: { type: 'object', properties, required },
    }),
  );
/** @param {string} text @param {number} maxTokens */
const sample = (text, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens });

const NAME = { name: { type: 'string' } };
const askName = () => form('What is your name?', NAME);

/**
 * Asks until everything is answered, and then gives what `done` makes of the answers.
 * @param {(args: Record<string, any>, context: import('./tools.js').ServerContext) => Record<string, any>} questions
 * @param {(answers: Record<string, any>) => unknown} done
 * @param {string} [requestState]
 * @returns {FixtureTool['run']}
 */
const asking = (questions, done, requestState) => (args, context) => {
  const { inputResponses = {} } = /** @type {{ inputResponses?: Record<string, any> }} */ (context.mcpReq);
  const asked = questions(args, context);
  const open = Object.entries(asked).filter(([key]) => !isAnswer(inputResponses[key]));
  if (open.length > 0) {
    return inputRequired({ inputRequests: Object.fromEntries(open), ...(requestState && { requestState }) });
  }
  if (requestState !== undefined && context.mcpReq.requestState() !== requestState) {
    throw Object.assign(new Error('requestState is not mine'), { code: -32602 });
  }
  return done(inputResponses);
};
/** @param {unknown} answer */
const isAnswer = (answer) => typeof answer === 'object' && answer !== null;

const shown = (/** @type {any} */ { action, content }) =>
  `Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`;

const OPTIONS = ['option1', 'option2', 'option3'];
/** @param {string} noun */
const titled = (noun) =>
  ['First', 'Second', 'Third'].map((nth, i) => ({ const: `value${i + 1}`, title: `${nth} ${noun}` }));

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};
const ENUMS = {
  untitledSingle: { type: 'string', enum: OPTIONS },
  titledSingle: { type: 'string', oneOf: titled('Option') },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
  titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
};

const STATE = 'as the server left it';

/** Two rounds, of which the second one is told from the first by the state. @type {FixtureTool['run']} */
const multiRound = (_args, { mcpReq }) => {
  const state = mcpReq.requestState();
  const { inputResponses = {} } = /** @type {{ inputResponses?: Record<string, any> }} */ (mcpReq);
  if (state === 'round 2' && isAnswer(inputResponses.step2))
    return said(`${inputResponses.step2.content?.color} it is`);
  if (isAnswer(inputResponses.step1)) {
    const step2 = form('Step 2: What is your favorite color?', { color: { type: 'string' } });
    return inputRequired({ inputRequests: { step2 }, requestState: 'round 2' });
  }
  return inputRequired({ inputRequests: { step1: form('Step 1: What is your name?', NAME) }, requestState: 'round 1' });
};

/** Asks for what the client can do, and for nothing else. @type {FixtureTool['run']} */
const askWhatCanBeAsked = asking(
  (_args, { mcpReq }) => {
    const { elicitation, sampling } = capabilitiesOf(mcpReq);
    return {
      ...(elicitation !== undefined && { user_name: askName() }),
      ...(sampling !== undefined && { greeting: sample('Generate a greeting', 50) }),
    };
  },
  () => said('asked'),
);

/** After a while, so that the call is a task by then. @param {FixtureTool['run']} run @returns {FixtureTool['run']} */
const later = (run) => async (args, context) => {
  await wait(200);
  return run(args, context);
};
const TASK = { execution: { taskSupport: /** @type {const} */ ('required') } };

/** @type {Record<string, FixtureTool>} */
export const askingTools = {
  test_sampling: tool(
    'Asks for a message of a model',
    asking(
      ({ prompt }) => ({ answer: sample(prompt, 100) }),
      ({ answer }) => said(`LLM response: ${answer.content?.text}`),
    ),
    takes({ prompt: { type: 'string' } }),
  ),
  test_elicitation: tool(
    'Asks the user',
    asking(
      ({ message }) => ({
        answer: form(message, {
          username: { type: 'string', description: "User's response" },
          email: { type: 'string', description: "User's email address" },
        }),
      }),
      ({ answer }) => said(`User response: ${JSON.stringify(answer)}`),
    ),
    takes({ message: { type: 'string' } }),
  ),
  test_elicitation_sep1034_defaults: tool(
    'Asks for values with defaults',
    asking(
      () => ({ answer: form('Please review', DEFAULTS, []) }),
      ({ answer }) => said(shown(answer)),
    ),
  ),
  test_elicitation_sep1330_enums: tool(
    'Asks for choices of every kind',
    asking(
      () => ({ answer: form('Please choose', ENUMS, []) }),
      ({ answer }) => said(shown(answer)),
    ),
  ),
  test_streaming_elicitation: tool(
    'Asks the user',
    asking(
      () => ({ user_name: askName() }),
      () => said('asked'),
    ),
  ),
  test_input_required_result_elicitation: tool(
    'Asks for a name',
    asking(
      () => ({ user_name: askName() }),
      ({ user_name }) => said(`Hello, ${user_name.content?.name}!`),
    ),
  ),
  test_input_required_result_sampling: tool(
    'Asks a model',
    asking(
      () => ({ capital_question: sample('What is the capital of France?', 100) }),
      ({ capital_question }) => said(capital_question.content?.text ?? ''),
    ),
  ),
  test_input_required_result_list_roots: tool(
    'Asks for roots',
    asking(
      () => ({ client_roots: inputRequired.listRoots() }),
      ({ client_roots }) => said(JSON.stringify(client_roots.roots)),
    ),
  ),
  test_input_required_result_request_state: tool(
    'Asks, with a state',
    asking(
      () => ({ confirm: form('Please confirm', { ok: { type: 'boolean' } }) }),
      () => said('state-ok'),
      STATE,
    ),
  ),
  test_input_required_result_multiple_inputs: tool(
    'Asks for several things',
    asking(
      () => ({
        user_name: askName(),
        greeting: sample('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      }),
      () => said('all of it'),
      STATE,
    ),
  ),
  test_input_required_result_multi_round: tool('Asks twice', multiRound),
  test_input_required_result_tampered_state: tool(
    'Asks, with a state that must not be changed',
    asking(
      () => ({ confirm: form('Please confirm', { ok: { type: 'boolean' } }) }),
      () => said('confirmed'),
      STATE,
    ),
  ),
  test_input_required_result_capabilities: tool('Asks for what the client can do', askWhatCanBeAsked),
  confirm_delete: tool(
    'Asks before it deletes',
    later(
      asking(
        ({ filename }) => ({ confirm: form(`Delete ${filename}?`, { confirm: { type: 'boolean' } }) }),
        () => said('deleted'),
      ),
    ),
    { ...takes({ filename: { type: 'string' } }), ...TASK },
  ),
  multi_input: tool(
    'Asks for two things',
    later(
      asking(
        () => ({ first: form('First?', NAME, []), second: form('Second?', NAME, []) }),
        () => said('both'),
      ),
    ),
    TASK,
  ),
  test_tool_with_task: tool(
    'Asks, and then takes its time',
    async (args, context) => {
      const asked = await asking(
        () => ({ user_name: askName() }),
        ({ user_name }) => said(`Hello, ${user_name.content?.name}!`),
      )(args, context);
      if (/** @type {any} */ (asked).content !== undefined) await wait(1_000);
      return asked;
    },
    TASK,
  ),
};

/** `prompts/get` of the prompt that asks. */
export const askingPrompt = asking(
  () => ({ user_context: form('What context should the prompt use?', { context: { type: 'string' } }) }),
  ({ user_context }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `In the context of ${user_context.content?.context}` } }],
  }),
);

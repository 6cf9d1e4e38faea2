/** What the models at OpenAI itself refuse, by their ids: nothing in its API tells. */

/** OpenAI itself, or Azure's rooms of it; all else only speaks like it. */
export const isOpenAI = (baseURL: string | undefined): boolean =>
  baseURL === undefined || /^https:\/\/([\w.-]+\.)?(api\.openai\.com|openai\.azure\.com)\b/.test(baseURL);

/** Models that think take no temperature, and keep what they thought encrypted. */
export const thinks = (model: string): boolean => /^(o\d|gpt-[5-9])/.test(model);

/** From GPT-5.6 on, Chat Completions take tools only where it is said that nothing is to be thought. */
export const wantsNoEffort = (model: string): boolean => /^gpt-(5\.[6-9]|[6-9])/.test(model);

/** Templates of Mistral's models take ids of nine letters and digits, and no others. */
export const isMistral = (model: string): boolean => /(mi|mini|code|dev|magi|pix)stral|mixtral|nemo/i.test(model);

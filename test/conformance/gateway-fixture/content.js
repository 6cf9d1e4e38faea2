/** What tools and prompts of the fixture give. */

/** One red pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** No sound at all. */
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==';

/** @param {string} text */
export const text = (text) => ({ type: /** @type {const} */ ('text'), text });
export const image = { type: /** @type {const} */ ('image'), data: PNG, mimeType: 'image/png' };
export const audio = { type: /** @type {const} */ ('audio'), data: WAV, mimeType: 'audio/wav' };
/** @param {string} uri @param {string} text @param {string} [mimeType] */
export const resource = (uri, text, mimeType = 'text/plain') => ({
  type: /** @type {const} */ ('resource'),
  resource: { uri, mimeType, text },
});

/** @param {string} said */
export const said = (said) => ({ content: [text(said)] });

/** @param {number} ms */
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

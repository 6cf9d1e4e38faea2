/** The script of the page. It makes elements and text nodes, never markup out of what it was told, and keeps nothing. */
export const SCRIPT = String.raw`const $ = (id) => document.getElementById(id);
const wanted = decodeURIComponent(location.pathname.split('/')[2] ?? '');
const STATES = {
  given: 'You gave it.',
  missing: 'You have not given it.',
  elsewhere: 'You gave it for another place. It is not sent to this one unless you give it again.',
  sealed: 'You gave it, but the gateway has another key now. Give it again.',
  unused: 'It is not used any more.',
};

const make = (tag, className, ...children) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== ''));
  return element;
};
/** Without what is not seen, or changes what is seen of others. */
const safe = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu, (each) => '\\u{' + each.codePointAt(0).toString(16) + '}');
const say = (text, isBad = false) => {
  $('state').textContent = text;
  $('state').className = isBad ? 'bad' : '';
};
const ask = async (method, path, { body, key } = {}) => {
  const response = await fetch(path, {
    method,
    headers: { 'X-Toolway': 'credentials', ...(body && { 'Content-Type': 'application/json' }), ...(key && { Authorization: 'Bearer ' + key }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(safe(answer.detail ?? response.status)), { status: response.status });
  return answer;
};
const pathOf = (server) => '/api/credentials/' + encodeURIComponent(server);

const view = ({ server, state, names, target, givenFor, givenAt }) => {
  const fields = names.map((name) => {
    const input = make('input');
    Object.assign(input, { type: 'password', autocomplete: 'off', required: true, name });
    return { name, input };
  });
  const form = make('form', '', make('div', 'fields', ...fields.map(({ name, input }) => make('label', '', safe(name) + ' ', input))),
    make('div', 'row', make('button', '', state === 'missing' ? 'Give' : 'Replace')));
  form.autocomplete = 'off';
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const values = Object.fromEntries(fields.map(({ name, input }) => [name, input.value]));
    for (const { input } of fields) input.value = '';
    act(() => ask('PUT', pathOf(server), { body: { values, target: target.shown } }), 'Given to ' + safe(server) + '. You can close this page.');
  });
  const revoke = make('button', '', 'Revoke');
  revoke.type = 'button';
  revoke.addEventListener('click', () => act(() => ask('DELETE', pathOf(server)), 'Revoked: ' + safe(server) + ' has nothing of yours any more.'));
  return make('section', '',
    make('h2', '', safe(server)),
    target && make('p', '', target.kind === 'url' ? 'It is sent to ' : 'It is handed to the program ', make('code', '', safe(target.shown))),
    make('p', state === 'given' ? '' : 'bad', STATES[state] ?? state, givenAt ? ' Since ' + new Date(givenAt).toLocaleString() + '.' : '', givenFor ? ' That was ' + safe(givenFor) + '.' : ''),
    state === 'unused' ? undefined : form,
    givenAt ? make('div', 'row', revoke) : undefined,
  );
};

const show = async () => {
  const { principal } = await ask('GET', '/api/session');
  $('who').textContent = safe(principal);
  const { credentials } = await ask('GET', '/api/credentials');
  const shown = wanted === '' ? credentials : credentials.filter(({ server }) => server === wanted);
  $('servers').replaceChildren(...shown.map(view));
  return shown.length;
};
const load = async () => {
  try {
    const count = await show();
    $('access').hidden = true;
    say(count > 0 ? '' : wanted === '' ? 'No server wants credentials of yours.' : 'There is no server of this name that wants credentials of yours.', count === 0);
  } catch (error) {
    $('access').hidden = error.status !== 401;
    say(error.status === 401 ? 'Sign in: credentials belong to whoever gives them.' : error.message, error.status !== 401);
  }
};
const act = async (change, done) => {
  try {
    await change();
    await show();
    say(done);
  } catch (error) {
    if (error.status === 409) await show().catch(() => {});
    say(error.message, true);
  }
};

$('access').addEventListener('submit', async (event) => {
  event.preventDefault();
  const key = $('key').value;
  $('key').value = '';
  try {
    await ask('POST', '/api/session', { key });
    await load();
  } catch (error) {
    say(error.message, true);
  }
});
await load();
`;

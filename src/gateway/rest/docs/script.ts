/** The script of the page. It makes elements and text nodes, never markup out of what it was told. */
export const SCRIPT = String.raw`const $ = (id) => document.getElementById(id);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const MAX_DEPTH = 5;
let key = '';
let api = { paths: {}, components: {} };

const make = (tag, className, ...children) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== undefined && child !== ''));
  return element;
};
const headers = (more = {}) => ({ 'X-Toolway': 'docs', ...(key && { Authorization: 'Bearer ' + key }), ...more });

const resolved = (value) => {
  let found = value;
  for (let step = 0; step < 8 && found && typeof found.$ref === 'string'; step += 1) {
    const path = found.$ref.replace(/^#\//, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    found = path.reduce((at, part) => (at && Object.hasOwn(at, part) ? at[part] : undefined), api);
  }
  return found ?? {};
};

const typeOf = (given, depth = 0) => {
  if (given === true) return 'anything';
  if (given === false) return 'nothing';
  const schema = resolved(given);
  if (depth > 3) return '…';
  if (Object.hasOwn(schema, 'const')) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.slice(0, 12).map((each) => JSON.stringify(each)).join(' | ');
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return choices.slice(0, 8).map((each) => typeOf(each, depth + 1)).join(' | ');
  if (schema.type === 'array') return typeOf(schema.items ?? true, depth + 1) + '[]';
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? (schema.properties ? 'object' : 'anything'));
  return schema.format ? type + ' (' + schema.format + ')' : type;
};

const schemaView = (given, depth = 0) => {
  const schema = resolved(given);
  const inner = schema.type === 'array' ? resolved(schema.items ?? {}) : schema;
  const properties = Object.entries(inner.properties ?? {});
  if (properties.length === 0 || depth >= MAX_DEPTH) return depth === 0 ? make('span', 'type', typeOf(given)) : undefined;
  const required = new Set(inner.required ?? []);
  return make('ul', 'schema', ...properties.map(([name, child]) => make('li', '',
    make('span', 'name', name), ' ',
    make('span', 'type', typeOf(child)), ' ',
    required.has(name) ? make('span', 'required', 'required') : undefined,
    make('div', 'says', String(resolved(child).description ?? '')),
    schemaView(child, depth + 1),
  )));
};

const bodyText = async (response) => {
  const type = response.headers.get('content-type') ?? '';
  if (!/json/.test(type)) return response.status === 204 ? '' : (await response.text()).slice(0, 200000);
  return JSON.stringify(await response.json(), null, 2);
};

const tryView = (path, method, operation) => {
  const parameters = (operation.parameters ?? []).map(resolved);
  const inputs = parameters.map((parameter) => {
    const input = make('input');
    input.required = parameter.required === true;
    return { parameter, input, label: make('label', '', parameter.name + (parameter.required ? ' (required) ' : ' '), input) };
  });
  const media = operation.requestBody && resolved(operation.requestBody).content?.['application/json'];
  const area = media ? make('textarea') : undefined;
  if (area) {
    area.value = JSON.stringify(media.example ?? {}, null, 2);
    area.spellcheck = false;
    area.setAttribute('aria-label', 'Arguments as JSON');
  }
  const button = make('button', '', 'Call');
  const state = make('span', 'says');
  const output = make('pre');
  output.hidden = true;
  const form = make('form', '', make('div', 'fields', ...inputs.map(({ label }) => label)), area, make('div', 'row', button, state), output);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    const own = {};
    let target = path;
    for (const { parameter, input } of inputs) {
      if (parameter.in === 'path') target = target.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
      else if (input.value !== '' && parameter.in === 'query') query.set(parameter.name, input.value);
      else if (input.value !== '' && parameter.in === 'header') own[parameter.name] = input.value;
    }
    if (area) own['Content-Type'] = 'application/json';
    button.disabled = true;
    state.textContent = 'calling …';
    const startedAt = performance.now();
    try {
      const search = query.size > 0 ? '?' + query : '';
      const response = await fetch(target + search, { method: method.toUpperCase(), headers: headers(own), ...(area && { body: area.value }) });
      output.textContent = await bodyText(response);
      state.textContent = response.status + ' in ' + Math.round(performance.now() - startedAt) + ' ms';
      state.className = response.ok ? 'says' : 'bad';
    } catch (error) {
      output.textContent = String(error);
      state.textContent = 'no answer';
      state.className = 'bad';
    }
    output.hidden = output.textContent === '';
    button.disabled = false;
  });
  return form;
};

const hintsOf = (operation) => Object.entries(operation['x-mcp-annotations'] ?? {})
  .filter(([, value]) => value === true)
  .map(([name]) => make('span', 'hint', name.replace(/Hint$/, '')));

const contentsOf = (path, method, operation) => {
  const body = operation.requestBody && resolved(operation.requestBody).content?.['application/json']?.schema;
  const result = resolved(operation.responses?.['200'] ?? {}).content?.['application/json']?.schema;
  return make('div', '',
    make('p', 'text', String(operation.description ?? '')),
    ...hintsOf(operation),
    operation['x-toolway-unchecked'] ? make('p', 'bad', 'Its schema cannot be used: ' + operation['x-toolway-unchecked']) : undefined,
    ...(body ? [make('h3', '', 'Arguments'), schemaView(body)] : []),
    ...(result ? [make('h3', '', 'Result'), schemaView(result)] : []),
    make('h3', '', 'Try it'),
    tryView(path, method, operation),
  );
};

const operationView = (path, method, operation) => {
  const details = make('details', 'operation', make('summary', '',
    make('span', 'method', method.toUpperCase()),
    make('span', 'path', path),
    make('span', 'summary', String(operation.summary ?? '')),
  ));
  details.dataset.words = [path, operation.summary, operation.description].join(' ').toLowerCase();
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(contentsOf(path, method, operation));
  });
  return details;
};

const show = () => {
  const groups = new Map((api.tags ?? []).map(({ name }) => [name, []]));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS) {
      const operation = methods[method];
      if (operation === undefined) continue;
      const tag = operation.tags?.[0] ?? '';
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationView(path, method, operation));
    }
  }
  const sections = [...groups].filter(([, views]) => views.length > 0).map(([tag, views]) => make('section', '', make('h2', '', tag), ...views));
  // What is always there comes after the tools.
  sections.sort((a, b) => Number(a.firstChild.textContent === 'gateway') - Number(b.firstChild.textContent === 'gateway'));
  $('operations').replaceChildren(...sections);
  $('title').textContent = api.info?.title ?? 'Toolway';
  $('about').textContent = api.info?.description ?? '';
  $('state').textContent = '';
};

const filter = () => {
  const words = $('find').value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of $('operations').children) {
    let any = false;
    for (const view of section.querySelectorAll('details.operation')) {
      view.hidden = !words.every((word) => view.dataset.words.includes(word));
      any ||= !view.hidden;
    }
    section.hidden = !any;
  }
};

const load = async () => {
  $('state').className = '';
  $('state').textContent = 'Loading …';
  try {
    const response = await fetch('/openapi.json' + location.search, { headers: headers() });
    const answer = await response.json();
    if (!response.ok) throw new Error(response.status === 401 ? 'A key is needed: type it in above.' : String(answer.detail ?? response.status));
    api = answer;
    show();
    filter();
  } catch (error) {
    $('operations').replaceChildren();
    $('state').className = 'bad';
    $('state').textContent = error.message;
  }
};

$('access').addEventListener('submit', (event) => {
  event.preventDefault();
  key = $('key').value.trim();
  void load();
});
$('find').addEventListener('input', filter);
void load();
`;

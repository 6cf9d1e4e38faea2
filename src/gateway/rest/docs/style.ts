/** The style of the page. */
export const STYLE = `:root {
  color-scheme: light dark;
  --ink: light-dark(#1b2430, #e3e8ee);
  --soft: light-dark(#5d6b7a, #97a3b0);
  --paper: light-dark(#fbfbf9, #14181d);
  --card: light-dark(#ffffff, #1b2127);
  --line: light-dark(#dfe3e6, #2c343c);
  --accent: light-dark(#0b6e5f, #4fc3ae);
  --bad: light-dark(#a8321f, #ff8d7a);
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, sans-serif; }
header {
  position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .6rem 1.4rem; align-items: center;
  padding: .7rem max(1rem, calc(50vw - 30rem)); background: var(--card); border-bottom: 1px solid var(--line);
}
h1 { margin: 0 auto 0 0; font-size: 1.1rem; letter-spacing: .01em; }
h2 { margin: 2rem 0 .5rem; font-size: 1rem; color: var(--soft); font-weight: 600; }
h3 { margin: 1.1rem 0 .3rem; font-size: .8rem; color: var(--soft); font-weight: 600; text-transform: uppercase; letter-spacing: .05em; }
main { max-width: 62rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
#about, .text { white-space: pre-wrap; overflow-wrap: anywhere; color: var(--soft); }
.text { margin: .6rem 0; color: inherit; }
label { color: var(--soft); font-size: .85rem; }
input, textarea, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .3rem .55rem; }
textarea, pre, code, .path, .type { font-family: var(--mono); font-size: .85rem; }
textarea { width: 100%; min-height: 6.5rem; resize: vertical; }
button { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
details.operation { margin: .4rem 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
details.operation > summary { display: flex; gap: .8rem; align-items: baseline; padding: .55rem .9rem; cursor: pointer; }
details.operation > div { padding: 0 .9rem .9rem; border-top: 1px solid var(--line); }
.method { min-width: 3.6rem; font: 700 .75rem var(--mono); color: var(--accent); }
.path { overflow-wrap: anywhere; }
.summary { margin-left: auto; color: var(--soft); text-align: right; }
.hint { margin-right: .4rem; padding: .05rem .5rem; border: 1px solid var(--line); border-radius: 99px; font-size: .75rem; color: var(--soft); }
ul.schema { margin: .2rem 0; padding-left: 1rem; list-style: none; border-left: 1px solid var(--line); }
ul.schema li { margin: .25rem 0; }
.name { font-family: var(--mono); font-size: .85rem; font-weight: 600; }
.type { color: var(--accent); margin-left: .5rem; overflow-wrap: anywhere; }
.required { color: var(--bad); margin-left: .5rem; font-size: .75rem; }
.says { color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
.fields { display: grid; gap: .4rem; margin: .4rem 0; }
.fields input { width: min(100%, 24rem); }
.row { display: flex; gap: .8rem; align-items: center; margin-top: .5rem; }
pre { margin: .6rem 0 0; padding: .7rem; max-height: 26rem; overflow: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.bad { color: var(--bad); }
@media (max-width: 40rem) { .summary { display: none; } }
`;

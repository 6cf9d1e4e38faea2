/** The markup of the page. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Toolway: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/style.css">
<script type="module" src="/docs/script.js"></script>
</head>
<body>
<header>
  <h1 id="title">Toolway</h1>
  <form id="access" autocomplete="off">
    <label>Key <input id="key" type="password" autocomplete="off" placeholder="none"></label>
    <button>Load</button>
  </form>
  <label class="find">Find <input id="find" type="search" placeholder="tool, path, word"></label>
</header>
<main>
  <p id="about"></p>
  <p id="state" role="status">Loading …</p>
  <div id="operations"></div>
</main>
</body>
</html>
`;

/**
 * The markup of the page on which credentials are given. It is the same for everybody and tells nothing: what it shows is
 * asked for by its script, as whoever is signed in. A link to it may come from anywhere, and then the cookie is not sent
 * with the page itself (SameSite=Strict).
 */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Toolway: credentials</title>
<link rel="stylesheet" href="/docs/style.css">
<script type="module" src="/assets/credentials.js"></script>
</head>
<body>
<header><h1>Credentials</h1><span id="who"></span></header>
<main>
  <p id="state" role="status">Loading …</p>
  <form id="access" autocomplete="off" hidden>
    <label>Key of the gateway <input id="key" type="password" autocomplete="off" required></label>
    <button>Sign in</button>
  </form>
  <div id="servers"></div>
</main>
</body>
</html>
`;

/** The one style sheet, sent inside each page and allowed by its hash: a page is one response. Contrast is WCAG 2.2 AA. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f3f5f4; --surface: #ffffff; --ink: #1b2422; --quiet: #53605c; --line: #d5dcd9; --edge: #7d8a86;
  --accent: #0d6656; --accent-strong: #094c40; --on-accent: #ffffff; --accent-wash: #e6f2ef;
  --alarm: #a3261f; --alarm-wash: #fcedeb; --caution: #7a4a00; --caution-wash: #fdf3e0;
  --shadow: 0 1px 2px rgb(20 40 35 / .06), 0 8px 28px rgb(20 40 35 / .07);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111615; --surface: #1a211f; --ink: #e8edeb; --quiet: #a3b0ac; --line: #303a37; --edge: #73817c;
    --accent: #7cd4c0; --accent-strong: #a3e4d5; --on-accent: #06231d; --accent-wash: #1d302b;
    --alarm: #ffb0a8; --alarm-wash: #3b1c1a; --caution: #f2c778; --caution-wash: #352812;
    --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; grid-template-rows: 1fr auto 1.4fr; justify-items: center;
  padding: 1.5rem 1rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
main {
  grid-row: 2; width: 100%; max-width: 26rem; padding: 2.25rem 2rem 2rem; background: var(--surface);
  border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow);
}
footer { grid-row: 3; padding-top: 1.25rem; color: var(--quiet); font-size: .875rem; text-align: center; }
.mark { display: block; width: 30px; height: 35px; margin: 0 0 1.25rem; color: var(--accent); }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.012em; text-wrap: balance; }
h2 { margin: 1.75rem 0 0; font-size: 1rem; line-height: 1.4; font-weight: 650; }
p { margin: .75rem 0 0; text-wrap: pretty; }
.quiet { color: var(--quiet); }
.quiet strong { color: var(--ink); }
.small { font-size: .875rem; line-height: 1.5; }
strong { font-weight: 650; }
a { color: var(--accent); text-underline-offset: .18em; }
a:hover { color: var(--accent-strong); }
code { font: .9375em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
pre { margin: .5rem 0 0; padding: .75rem .875rem; white-space: pre-wrap; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; }
pre code { font-size: .8125rem; }
form { margin: 1.75rem 0 0; }
form.other { margin: 0; }
.field { margin: 0 0 1.125rem; }
label { display: block; margin: 0 0 .375rem; font-weight: 600; }
input {
  display: block; width: 100%; min-height: 48px; padding: .625rem .75rem; font: inherit; font-size: 1rem;
  color: var(--ink); background: var(--surface); border: 1px solid var(--edge); border-radius: 8px;
}
input[aria-invalid] { border-color: var(--alarm); }
.code { font-size: 1.375rem; letter-spacing: .3em; font-variant-numeric: tabular-nums; }
.hint { margin: .375rem 0 0; color: var(--quiet); font-size: .875rem; line-height: 1.45; }
button {
  display: block; width: 100%; min-height: 48px; padding: .625rem 1rem; font: inherit; font-weight: 650; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 8px;
}
details { margin: 1.25rem 0 0; }
summary { color: var(--accent); cursor: pointer; }
details form { margin-top: 1rem; }
.qr { display: block; width: 100%; max-width: 15rem; margin: 1.5rem auto 0; border-radius: 8px; }
.secret { display: block; margin: .25rem 0 0; word-spacing: .2em; }
ol.codes { margin: 1.25rem 0 0; padding: .75rem 1rem .75rem 2.5rem; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; }
ol.codes li { padding: .1875rem 0; }
button:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.second { margin-top: .75rem; color: var(--accent); background: var(--surface); }
button.second:hover { color: var(--accent-strong); background: var(--accent-wash); }
.choice { display: grid; grid-template-columns: 1fr 1fr; gap: .75rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.alert {
  margin: 1.25rem 0 -.25rem; padding: .75rem .875rem; color: var(--alarm); background: var(--alarm-wash);
  border-left: 4px solid var(--alarm); border-radius: 4px 8px 8px 4px; font-weight: 500;
}
.badge {
  display: inline-block; padding: .0625rem .5rem; color: var(--caution); background: var(--caution-wash);
  border: 1px solid; border-radius: 999px; font-size: .8125rem; font-weight: 650; line-height: 1.5; letter-spacing: .01em;
}
.notice { margin: 1.25rem 0 0; padding: .75rem .875rem; background: var(--caution-wash); border-radius: 8px; }
.notice p { margin: .375rem 0 0; }
ul.scopes { margin: .5rem 0 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
ul.scopes li { padding: .625rem 0; border-bottom: 1px solid var(--line); }
ul.scopes code { display: block; color: var(--quiet); font-size: .8125rem; }
ul.details { margin: .75rem 0 0; padding: 0; list-style: none; }
ul.details li { margin: .75rem 0 0; padding: .875rem 1rem; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; }
ul.details p { margin: .25rem 0 0; }
ul.details dl { margin: .75rem 0 0; padding: .625rem 0 0; }
ul.details dd { margin: 0; }
ul.details dd + dt { margin: .5rem 0 0; }
ul.details + ul.scopes { border-top: 0; }
h3 { margin: 0; font-size: 1rem; line-height: 1.4; font-weight: 650; }
dl { margin: 1.5rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--line); }
dt { color: var(--quiet); font-size: .875rem; }
dd { margin: 0 0 .75rem; }
dd:last-child { margin-bottom: 0; }
@media (max-width: 30rem) {
  body { grid-template-rows: auto auto 1fr; padding: 0; background: var(--surface); }
  main { padding: 1.75rem 1.25rem 1.5rem; border: 0; border-radius: 0; box-shadow: none; }
}
@media (max-width: 20rem) { .choice { grid-template-columns: 1fr; } }
@media (prefers-reduced-motion: no-preference) { button, a, input { transition: background-color .12s, border-color .12s, color .12s; } }
`

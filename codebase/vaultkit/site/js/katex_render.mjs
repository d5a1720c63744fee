// Render formulas with KaTeX. usage: node katex_render.mjs KATEX_MODULE < formulas.json > results.json
// In:  [{"key": "...", "tex": "...", "display": true}, ...]
// Out: [{"key": "...", "html": "..."} or {"key": "...", "error": "...", "position": 3}, ...]
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: katex } = await import(pathToFileURL(process.argv[2]).href);
const formulas = JSON.parse(readFileSync(0, "utf8"));
const results = formulas.map(({ key, tex, display }) => {
  try {
    const html = katex.renderToString(tex, { displayMode: display, throwOnError: true, strict: "ignore" });
    return { key, html };
  } catch (error) {
    return { key, error: error.rawMessage ?? error.message, position: error.position ?? -1 };
  }
});
process.stdout.write(JSON.stringify(results));

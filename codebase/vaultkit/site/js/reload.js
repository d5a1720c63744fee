// Live reload while `vaultkit serve` runs: reload when this page has changed, show what is to be mended.
const events = new EventSource("/__kvist/events");
events.onmessage = ({ data }) => {
  const { problems, failures, changed, stopped } = JSON.parse(data);
  if (failures) return red(failures);
  if ((changed || !stopped) && concerns(changed)) return reload();
  if (!problems.length) return document.getElementById("k-problems")?.remove();
  const box = document.getElementById("k-problems") ?? document.body.appendChild(bar());
  const [title, lines] = box.children;
  title.textContent = `${stopped ? "The last good version is shown. " : ""}To mend: ${problems.length}`;
  lines.textContent = problems.join("\n");
};

// An open dialog is somebody's work: the search, with what is typed in it. The page is loaded again once it is
// closed, unless it is left for another one then.
let held = false;
let leaving = false;
function reload() {
  const dialog = document.querySelector("dialog[open]");
  if (!dialog) return leaving || location.reload();
  if (held) return;
  held = true;
  dialog.addEventListener("click", ({ target, ctrlKey, metaKey, shiftKey }) => {
    const link = target.closest("a[href]");
    leaving = Boolean(link) && !ctrlKey && !metaKey && !shiftKey && link.pathname !== location.pathname;
  });
  dialog.addEventListener("close", () => {
    held = false;
    reload();
  }, { once: true });
}

addEventListener("pageshow", () => (leaving = false)); // come back to

// Paper does not show it.
for (const [event, display] of [["beforeprint", "none"], ["afterprint", ""]])
  addEventListener(event, () => document.getElementById("k-problems")?.style.setProperty("display", display));

// What is to be mended, at the foot of each page; who folds it finds it folded on the next one.
function bar() {
  const box = document.createElement("details");
  box.id = "k-problems";
  box.open = !sessionStorage.kvistFolded;
  box.append(document.createElement("summary"), document.createElement("div"));
  box.addEventListener("toggle", () => (sessionStorage.kvistFolded = box.open ? "" : "1"));
  box.style.cssText =
    "position:fixed;inset:auto 0 0 0;z-index:99;margin:0;padding:.5rem 1rem;max-height:40vh;overflow:auto;" +
    "white-space:pre-wrap;font:13px/1.5 monospace;background:#5c1d10;color:#fff";
  return box;
}

// True if this page is among the files that have changed, or what all pages load; without a list all have.
function concerns(changed) {
  const page = decodeURI(location.pathname).slice(1).replace(/(^|\/)$/, "$1index.html");
  return !changed || changed.some((file) => file === page || /\.(css|js)$/.test(file));
}

// Notes that fail now, by the path of their page: the page itself says which line.
function red(failures) {
  document.getElementById("k-red")?.remove();
  const path = decodeURI(location.pathname).replace(/^\//, "").replace(/index\.html$/, "");
  const lines = failures[path];
  if (!lines) return;
  const box = document.createElement("pre");
  box.id = "k-red";
  box.setAttribute("role", "alert");
  box.textContent = lines.join("\n");
  box.style.cssText =
    "margin:0 0 1rem;padding:.6rem .9rem;border-left:4px solid #c2410c;background:#c2410c22;color:inherit;" +
    "white-space:pre-wrap;font:13px/1.5 monospace";
  (document.querySelector("article h1") ?? document.querySelector("article"))?.after(box);
}

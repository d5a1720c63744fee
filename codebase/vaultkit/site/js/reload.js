// Live reload while `vaultkit serve` runs: reload after a good build, show what stopped a bad one.
const events = new EventSource("/__kvist/events");
events.onmessage = ({ data }) => {
  const { problems, failures } = JSON.parse(data);
  if (failures) return red(failures);
  if (!problems.length) return location.reload();
  const box = document.getElementById("k-problems") ?? document.body.appendChild(document.createElement("pre"));
  box.id = "k-problems";
  box.textContent = `The last good version is shown. To mend:\n${problems.join("\n")}`;
  box.style.cssText =
    "position:fixed;inset:auto 0 0 0;z-index:99;margin:0;padding:.8rem 1rem;max-height:40vh;overflow:auto;" +
    "white-space:pre-wrap;font:13px/1.5 monospace;background:#5c1d10;color:#fff";
};

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

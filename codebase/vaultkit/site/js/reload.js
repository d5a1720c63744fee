// Live reload while `vaultkit serve` runs: reload after a good build, show what stopped a bad one.
const events = new EventSource("/__kvist/events");
events.onmessage = ({ data }) => {
  const { problems } = JSON.parse(data);
  if (!problems.length) return location.reload();
  const box = document.getElementById("k-problems") ?? document.body.appendChild(document.createElement("pre"));
  box.id = "k-problems";
  box.textContent = `The last good version is shown. To mend:\n${problems.join("\n")}`;
  box.style.cssText =
    "position:fixed;inset:auto 0 0 0;z-index:99;margin:0;padding:.8rem 1rem;max-height:40vh;overflow:auto;" +
    "white-space:pre-wrap;font:13px/1.5 monospace;background:#5c1d10;color:#fff";
};

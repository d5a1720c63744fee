// A copy button on each code block; result panels (.no-copy) have none, so only code is ever copied.
const WORDS = { en: ["Copy", "Copied"], zh: ["复制", "已复制"] };

export function copyButtons(language) {
  const [copy, copied] = WORDS[language] ?? WORDS.en;
  for (const block of document.querySelectorAll(".highlight:not(.no-copy)")) {
    const code = block.querySelector("pre > code");
    if (!code) continue;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "k-copy", title: copy });
    button.setAttribute("aria-label", copy);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent.replace(/\n$/, ""));
      confirmed(button, copied);
    });
    block.append(button);
  }
}

/** Show for a moment on a button that it has copied. */
export function confirmed(button, copied) {
  button.classList.add("k-copied");
  button.setAttribute("aria-label", copied);
  setTimeout(() => {
    button.classList.remove("k-copied");
    button.setAttribute("aria-label", button.title);
  }, 1500);
}

// What a visitor keeps in this browser: small JSON values, and their way in and out as files.
export function read(name, otherwise) {
  try {
    const value = JSON.parse(localStorage.getItem(name) ?? "null");
    return value && typeof value === "object" ? value : otherwise;
  } catch {
    return otherwise;
  }
}

export function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false; // a browser that stores nothing still works for this page
  }
}

export function download(name, value) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(value, null, 1) + "\n"], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function upload(done) {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: ".json,application/json" });
  input.addEventListener("change", async () => {
    try {
      done(JSON.parse(await input.files[0].text()));
    } catch {
      done(null);
    }
  });
  input.click();
}

export function button(text, action, className = "k-button") {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text, className });
  made.addEventListener("click", action);
  return made;
}

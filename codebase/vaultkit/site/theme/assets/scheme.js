try { var s = localStorage.getItem("kvist.scheme"); } catch { s = null; }
s = s || (matchMedia("(prefers-color-scheme: dark)").matches ? "slate" : "default");
document.documentElement.dataset.mdColorScheme = s;

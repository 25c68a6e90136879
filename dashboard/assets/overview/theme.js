/** Light for daylight, dark for a dim room: the system's choice until this browser's reader makes another one. */
const GROUND = { dark: "#050b17", light: "#e9eef5" };

export function startTheme(button) {
  const html = document.documentElement;
  if (!html.dataset.theme) show(matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  button.addEventListener("click", () => {
    const theme = html.dataset.theme === "light" ? "dark" : "light";
    document.cookie = `gc_theme=${theme}; path=/; max-age=31536000; samesite=strict`;
    show(theme);
  });

  function show(theme) {
    html.dataset.theme = theme;
    document.querySelector("meta[name=theme-color]").content = GROUND[theme];
  }
}

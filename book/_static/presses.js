/* What the theme's buttons do. The theme writes it into their attributes, where the pages' policy
   lets no script run: book/_ext/inline.py puts these words there instead. */
(() => {
  const DOES = { print: () => window.print(), "full-screen": () => window.toggleFullScreen() };
  document.addEventListener("click", (event) => {
    DOES[event.target.closest("[data-press]")?.dataset.press]?.();
  });
})();

/* Previews: a figure, equation, table, citation or exercise that a link names is shown while
   the pointer or the focus rests on the link. Pages are fetched from this site alone. */
(() => {
  const SHOWN = "figure, table, .math, .citation, .exercise, .admonition, .cell, dd, dl";
  const pages = new Map();
  let box = null;
  let named = null; // the link that the box belongs to
  let waiting = 0;

  function page(url) {
    const path = url.pathname;
    if (path === location.pathname) return Promise.resolve(document);
    if (!pages.has(path)) {
      const read = (text) => new DOMParser().parseFromString(text, "text/html");
      pages.set(path, fetch(path).then((answer) => answer.text()).then(read));
    }
    return pages.get(path);
  }

  /* The element to show for a place; nothing for a mere section. */
  function part(target) {
    if (!target) return null;
    if (target.matches(SHOWN)) return target;
    return target.closest("figure, .citation, .exercise") ||
      (target.matches("span, div.cell_output") && target.nextElementSibling?.matches(SHOWN)
        ? target.nextElementSibling : null);
  }

  function close() {
    clearTimeout(waiting);
    if (box) {
      named.removeAttribute("aria-describedby");
      box.remove();
    }
    box = null;
  }

  async function open(link) {
    const url = new URL(link.href);
    const found = part((await page(url)).getElementById(decodeURIComponent(url.hash.slice(1))));
    if (!found || !link.matches(":hover, :focus")) return;
    close();
    box = document.createElement("div");
    box.id = "preview";
    box.className = "preview bd-article";
    box.setAttribute("role", "tooltip");
    const copy = found.cloneNode(true);
    for (const element of [copy, ...copy.querySelectorAll("*")]) {
      element.removeAttribute("id");
      for (const name of ["src", "href"]) {
        if (element.hasAttribute(name)) {
          element.setAttribute(name, new URL(element.getAttribute(name), url).href);
        }
      }
      if (element.matches(".headerlink, button")) element.remove();
      if (element.matches("a")) element.tabIndex = -1;
    }
    box.append(copy);
    document.querySelector("main").append(box);
    const place = link.getBoundingClientRect();
    const below = place.bottom + box.offsetHeight + 8 < innerHeight || place.top < innerHeight / 2;
    box.style.top = `${scrollY + (below ? place.bottom + 6 : place.top - box.offsetHeight - 6)}px`;
    box.style.left = `${Math.max(8, Math.min(place.left, innerWidth - box.offsetWidth - 24))}px`;
    named = link;
    link.setAttribute("aria-describedby", "preview");
    const mine = box;
    mine.addEventListener("mouseleave", () => box === mine && !link.matches(":focus") && close());
  }

  function soon(event) {
    const link = event.target.closest?.("article a.reference.internal[href*='#']");
    if (!link || link.closest("nav, h1, h2, h3, .toctree-wrapper")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => open(link).catch(() => {}), event.type === "focusin" ? 0 : 200);
  }

  document.addEventListener("mouseover", soon);
  document.addEventListener("focusin", soon);
  document.addEventListener("focusout", close);
  document.addEventListener("mouseout", (event) => {
    const link = event.target.closest("a");
    if (!link || link.matches(":focus")) return;
    clearTimeout(waiting);
    if (box && link === named && !box.contains(event.relatedTarget)) {
      waiting = setTimeout(() => box && !box.matches(":hover") && close(), 250);
    }
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
})();

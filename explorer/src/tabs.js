// Tabs as in the ARIA Authoring Practices: arrow keys, Home and End move between them.

export function setUpTabs(list, onShown) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const show = (shown) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", tab === shown);
      tab.tabIndex = tab === shown ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== shown;
    }
    onShown?.(shown);
  };
  list.addEventListener("click", ({ target }) => tabs.includes(target) && show(target));
  list.addEventListener("keydown", (event) => {
    const current = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined || current < 0) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    show(tab);
    tab.focus();
  });
  return (id) => show(document.getElementById(id));
}

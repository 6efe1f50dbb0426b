// The page of pytest-html listens to the mouse alone: let rows, headings and logs be reached and used by keys, too.
addEventListener("DOMContentLoaded", () => {
  const PRESSABLE = "td.col-result, th.sortable, .logexpander";
  const place = (element) => [...document.querySelectorAll(PRESSABLE)].indexOf(element);

  const prepare = () => {
    for (const element of document.querySelectorAll(PRESSABLE)) {
      element.tabIndex = 0;
      // A cell keeps its role: a row without cells would be none. The state is on it all the same.
      if (element.matches(".logexpander")) element.setAttribute("role", "button");
      if (element.matches(".logexpander")) element.setAttribute("aria-label", "log");
      if (element.matches("td.col-result")) {
        element.setAttribute("aria-expanded", String(!element.classList.contains("collapsed")));
      }
    }
  };

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(PRESSABLE) || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    const index = place(event.target);
    event.target.click();
    // Sorting and folding build the table anew; stay where the reader was.
    requestAnimationFrame(() => document.querySelectorAll(PRESSABLE)[index]?.focus());
  });

  // A link to a rule opens it.
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();

  prepare();
  new MutationObserver(prepare).observe(document.getElementById("results-table"), {childList: true, subtree: true});
});

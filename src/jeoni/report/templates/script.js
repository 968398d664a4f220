document.querySelectorAll("[data-copy]").forEach((button) => {
  button.addEventListener("click", () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    navigator.clipboard?.writeText(text).then(() => { button.textContent = button.dataset.done; });
  });
});
document.querySelectorAll(".map").forEach((map) => {
  const tip = map.querySelector(".tip"), picture = tip.querySelector("i"), text = tip.querySelector("span");
  const columns = Number(map.dataset.columns), side = 162;
  let shown = null;
  const show = (dot) => {
    if (shown === dot) return;
    shown?.classList.remove("on");
    shown = dot;
    tip.hidden = !dot;
    if (!dot) return;
    dot.classList.add("on");
    const i = Number(dot.dataset.i);
    picture.style.backgroundSize = `${columns * side}px auto`;
    picture.style.backgroundPosition = `-${(i % columns) * side}px -${Math.floor(i / columns) * side}px`;
    text.textContent = dot.dataset.t;
    const box = map.getBoundingClientRect(), at = dot.getBoundingClientRect();
    const left = Math.min(Math.max(at.left - box.left + 14, 4), box.width - tip.offsetWidth - 8);
    const above = at.top - box.top > box.height / 2;
    tip.style.left = `${left}px`;
    tip.style.top = above ? "auto" : `${at.top - box.top + 16}px`;
    tip.style.bottom = above ? `${box.bottom - at.top + 6}px` : "auto";
  };
  const find = (event) => event.target.closest("[data-i]");
  map.addEventListener("pointerover", (event) => { const dot = find(event); if (dot) show(dot); });
  map.addEventListener("pointerleave", () => show(null));
  map.addEventListener("click", (event) => show(find(event)));
});

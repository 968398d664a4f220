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
const large = document.querySelector("dialog.large");
const enlarge = (wide) => {
  large.classList.toggle("wide", wide);
  large.querySelector("img").hidden = wide;
  large.querySelector(".copy").hidden = !wide;
};
document.querySelectorAll(".place .panels").forEach((panels) => {
  const open = () => {
    const place = panels.closest(".place"), section = panels.closest(".places"), copy = large.querySelector(".copy");
    const clone = place.cloneNode(true);
    clone.querySelector(".panels").removeAttribute("tabindex");
    clone.querySelectorAll("image[id]").forEach((image) => image.removeAttribute("id"));
    copy.className = `copy ${section.classList.contains("masks") ? "masks" : ""}`;
    const cover = getComputedStyle(section).getPropertyValue("--cover");
    if (cover) copy.style.setProperty("--cover", cover);
    copy.replaceChildren(clone);
    large.querySelector("p").textContent = "";
    enlarge(true);
    large.showModal();
  };
  panels.addEventListener("click", open);
  panels.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
  });
});
document.querySelectorAll("[data-cover]").forEach((slider) => slider.addEventListener("input", () => {
  document.querySelectorAll(".places").forEach((section) => section.style.setProperty("--cover", slider.value / 100));
}));
document.querySelectorAll(".gallery img, .inside img").forEach((picture) => {
  const open = () => {
    enlarge(false);
    large.querySelector("img").src = picture.src;
    large.querySelector("img").alt = large.querySelector("p").textContent = picture.alt;
    large.showModal();
  };
  picture.tabIndex = 0;
  picture.setAttribute("role", "button");
  picture.addEventListener("click", open);
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
  });
});
large?.addEventListener("click", (event) => { if (event.target === large) large.close(); });
document.querySelectorAll(".thresholds").forEach((panel) => {
  const rows = JSON.parse(panel.dataset.rows), slider = panel.querySelector("input"), side = 300;
  const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "–");
  const plain = (count) => (Number.isInteger(count) ? String(count) : count.toFixed(1));
  const show = () => {
    const [threshold, hits, alarms, misses, rejections] = rows[Number(slider.value)];
    const values = {
      recall: percent(hits, hits + misses), precision: percent(hits, hits + alarms),
      specificity: percent(rejections, rejections + alarms), hits: plain(hits), misses: plain(misses),
      false_alarms: plain(alarms), rejections: plain(rejections),
    };
    panel.querySelector(".at").textContent = `${(100 * threshold).toFixed(1)} %`;
    panel.querySelectorAll("[data-value]").forEach((cell) => { cell.textContent = values[cell.dataset.value]; });
    const recall = hits / (hits + misses), precision = hits + alarms ? hits / (hits + alarms) : 1;
    const places = { roc: [alarms / (alarms + rejections), recall], precision_recall: [recall, precision] };
    panel.querySelectorAll("[data-curve]").forEach((dot) => {
      const [x, y] = places[dot.dataset.curve];
      dot.setAttribute("cx", side * x);
      dot.setAttribute("cy", side * (1 - y));
    });
  };
  slider.addEventListener("input", show);
  show();
});
const hint = document.querySelector("main").dataset.hint;
const hints = () => document.querySelectorAll(".scroll").forEach((box) => {
  const wide = box.scrollWidth > box.clientWidth + 4, shown = box.previousElementSibling?.classList.contains("hint");
  if (wide && !shown) {
    const line = document.createElement("span");
    line.className = "hint";
    line.textContent = hint;
    box.before(line);
    box.tabIndex = 0;
  } else if (!wide && shown) box.previousElementSibling.remove();
});
addEventListener("resize", hints);
hints();
if (innerWidth < 720) document.querySelector(".contents details").open = false;

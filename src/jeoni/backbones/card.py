"""The model card: a saved model's ``README.md``, from its ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoni.locale import language_of, measure_name, table

__all__ = ["render"]

# by task: what of predictions is shown, and where the command writes them
USES = {
    "detection": ("[0].boxes", "found.json"),
    "segmentation": ("[0].labels", "masks/"),
    "pose": ("[0].points", "points.csv"),
    "anomaly": ("[0].score", "scores.csv"),
}


def render(config: dict[str, Any]) -> str:
    """Markdown with what the model is, its scores, where its weights come from and how to use it."""
    backbone, facts = config["backbone"], config["facts"]
    language = language_of(facts.get("language", "en"))
    cli = table("cli", language)
    words, source = cli["card"], backbone["provenance"]
    about = words["about"].format(
        task=words["tasks"].get(config["task"]["id"], config["task"]["id"]),
        modality=words["modalities"].get(config["modality"], config["modality"]),
        version=config["jeoni"],
        head=config["head"]["id"],
        backbone=backbone["name"],
        frozen=config["cut"]["frozen"],
        stages=len(config["cut"]["stages"]),
        predicted=_predicted(config["task"], words),
    )
    gives, out = USES.get(config["task"]["id"], (".labels", "predictions.csv"))
    return f"""# {facts.get("data", words["a_model"])}

{facts.get("summary", "")}

{about}
{_scores(facts, cli, language)}
## {words["use"]}

```python
import jeoni

model = jeoni.load_model("path/to/this/folder")
print(model.predict("new/"){gives})
```

{words["or"]} `jeoni predict path/to/this/folder new/ --out {out}`.

## {words["weights"]}

{words["weights_from"].format(**{k: source[k] for k in ("name", "source", "licence", "sha256")})}
{words["terms"]}
"""


def _scores(facts: dict[str, Any], cli: Mapping[str, Any], language: str) -> str:
    """The table of scores; nothing where there are none."""
    if not facts.get("scores"):
        return ""
    words = cli["card"]
    lines = [f"| {words['measure']} | {cli['value']} | {cli['interval']} |", "|---|---|---|"]
    titles = facts.get("titles", {})
    for name, score in facts["scores"].items():
        title = measure_name(titles.get(name, name.replace("_", " ")), language)
        between = cli["span"].format(low=f"{score['low']:.3f}", high=f"{score['high']:.3f}")
        lines.append(f"| {title} | {score['value']:.3f} | {between} |")
    return "\n".join([f"\n## {words['scores']}\n", facts.get("how", ""), "", *lines, ""])


def _predicted(task: dict[str, Any], words: Mapping[str, Any]) -> str:
    """The output of the task in a sentence."""
    if task["id"] == "multitask":
        return " ".join(f"`{part['name']}`: {_predicted(part, words)}" for part in task["tasks"])
    if "class_names" in task:
        return str(words["classes"].format(names=_listed(task["class_names"])))
    if "label_names" in task:
        return str(words["labels"].format(names=_listed(task["label_names"])))
    for field, said in (("classes", "classes"), ("points", "points"), ("kinds", "kinds")):
        if task.get(field):
            return str(words[said].format(names=_listed(task[field])))
    if "names" in task:
        units = [f" ({unit})" if unit else "" for unit in task["units"]]
        names = ", ".join(f"`{n}`{u}" for n, u in zip(task["names"], units, strict=True))
        return str(words["numbers"].format(names=names))
    return ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

"""The model card: a saved model's ``README.md``, from its ``config.json``."""

from __future__ import annotations

from typing import Any

__all__ = ["render"]


def render(config: dict[str, Any]) -> str:
    """Markdown with what the model is, its scores, where its weights come from and how to use it."""
    backbone, facts = config["backbone"], config["facts"]
    source = backbone["provenance"]
    scores = "\n".join(
        f"| {name.replace('_', ' ')} | {s['value']:.3f} | {s['low']:.3f} to {s['high']:.3f} |"
        for name, s in facts.get("scores", {}).items()
    )
    table = f"\n## Scores\n\n{facts.get('how', '')}\n\n| measure | value | 95 % interval |\n|---|---|---|\n{scores}\n"
    task, said = config["task"]["id"], _predicted(config["task"])
    return f"""# {facts.get("data", "A jeoni model")}

{facts.get("summary", "")}

A model for {task} of {config["modality"]}s made with jeoni {config["jeoni"]}: a {config["head"]["id"]} head on
`{backbone["name"]}`, {config["cut"]["frozen"]} of {len(config["cut"]["stages"])} stages frozen. {said}
{table if scores else ""}
## Use

```python
import jeoni

model = jeoni.load_model("path/to/this/folder")
print(model.predict("new/").labels)
```

or `jeoni predict path/to/this/folder new/ --out predictions.csv`.

## Where the weights come from

`{source["name"]}` from {source["source"]}, licence {source["licence"]}, SHA-256 `{source["sha256"]}`.
The licence of the pretrained weights holds for this model too. The scores hold for data like those it was fitted on.
"""


def _predicted(task: dict[str, Any]) -> str:
    """The output of the task in a sentence."""
    if task["id"] == "multitask":
        return " ".join(f"`{part['name']}`: {_predicted(part)}" for part in task["tasks"])
    if "class_names" in task:
        return f"Classes: {_listed(task['class_names'])}."
    if "label_names" in task:
        return f"Labels: {_listed(task['label_names'])}."
    if "names" in task:
        units = [f" ({unit})" if unit else "" for unit in task["units"]]
        return f"Numbers: {', '.join(f'`{n}`{u}' for n, u in zip(task['names'], units, strict=True))}."
    return ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

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
    classes = ", ".join(f"`{name}`" for name in config["class_names"])
    return f"""# {facts.get("data", "A jeoni model")}

{facts.get("summary", "")}

A classifier of {config["modality"]}s made with jeoni {config["jeoni"]}: a {config["head"]["id"]} head on
`{backbone["name"]}`, {config["cut"]["frozen"]} of {len(config["cut"]["stages"])} stages frozen. Classes: {classes}.
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

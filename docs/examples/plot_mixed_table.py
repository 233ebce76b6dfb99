"""A table with texts, dates and gaps

With `preprocess="auto"` a data frame goes into `fit` as it is. The values of each column decide what it becomes: numbers
are scaled, a text of a few values becomes an input for each of them, a date its parts, a gap the median and an input that
says so. A dictionary decides some of it by hand, here that the listing is left out. `print(model.preprocessing_)` shows
every decision with its reason, and the picture which inputs of the network come from which column.
"""

import numpy as np
import pandas as pd

from chainrule import NetworkRegressor
from chainrule.pictures.scene import Scene
from chainrule.pictures.shapes import Label, Line, titled

rng = np.random.default_rng(0)
rows = 400
flats = pd.DataFrame(
    {
        "listing": [f"flat {row}" for row in range(rows)],
        "area": rng.uniform(20, 140, rows).round(),
        "district": rng.choice(["centre", "harbour", "hill"], rows),
        "balcony": rng.random(rows) < 0.4,
        "free from": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 360, rows), "D"),
    }
)
rent = (
    400 + 6 * flats["area"] + 250 * (flats["district"] == "centre") + 80 * flats["balcony"] + rng.normal(0, 100, rows)
)
flats.loc[rng.random(rows) < 0.1, "area"] = np.nan

model = NetworkRegressor((16,), preprocess={"drop": ["listing"]}, learning_rate="cosine", max_iter=40, random_state=0)
model.fit(flats, rent)
print(model.preprocessing_)

elements = [titled("Columns of the table, inputs of the network", 28)]
names, top = list(model.input_names_), 84.0
for column in model.preprocessing_.columns:
    made = [names.pop(0) for _ in range(column.width)] or ["left out"]
    middle = top + 24 * (len(made) - 1) / 2
    elements.append(Label(150, middle, column.name, size=14, anchor="end", bold=True))
    for place, name in enumerate(made):
        height, role = top + 24 * place, "accent" if column.width else "faint"
        if column.width:
            elements.append(Line(((164, middle), (250, height)), role, 1.5, opacity=0.7))
        elements.append(Label(262, height, name, "ink" if column.width else "faint", 13, "start"))
    top += 24 * len(made) + 18

describes = "Five columns of a table of flats, each joined by lines to the inputs of the network that are made of it."
picture = Scene.around(elements, 28, "What becomes of a mixed table", describes, (), "mixed-table")
picture.save("plot_mixed_table.svg", "auto")

# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The setting

# %%
from checks.ready import ready

ready("notebooks")

# %%
answer = ...

# %%
from checks import the_setting as checks
from checks.sliders import Slider, sliders
import w2s_theory as w2s

checks.exercise_1(answer)


# %%
def draw(width):
    with w2s.Sheet("A line that rises to its width") as sheet:
        sheet.axes.plot([0, 1], [0, width])
    return sheet


sliders(draw, width=Slider(0.0, 2.0, start=1.0))

# %%
print(w2s.reference("yao2025understanding"))

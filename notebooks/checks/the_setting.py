"""Checks of 01_the_setting."""

from checks.frame import Check, accepted, choice, exercise, hint


@exercise
def exercise_1(answer: str) -> Check:
    """Which of the models is trained on the labels of the other?"""
    if choice(answer, ("weak", "strong")) == "strong":
        return accepted("The strong model is the student.")
    return hint("Who gives the labels, and who takes them?")

WRONG = {"exercise_1": ["weak", "student"]}

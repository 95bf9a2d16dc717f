"""Does the comparison of policies come out as the truth says? Three worlds, drawn again and again."""

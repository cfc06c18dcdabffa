"""Grading where the course lives elsewhere: Gradescope, Classroom 50, Moodle, Canvas.

`one` grades what one student handed in; `gradescope` and `classroom` say it in the platform's
words and make what is uploaded there, from what `bundle` gathers and what lies in `templates/`;
`lms` writes the points of `make grade` into a learning platform's own table. All of it is
outside, with nbgrader.
"""

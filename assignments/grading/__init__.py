"""Makes the students' versions of the assignments, and grades what students hand in.

`release` makes the students' version, `grade` grades a folder. Grading is nbgrader's; the one
step that is not is the running of a student's notebook: `execute` gives it to a `sandbox`.

Three sides, and what each may import:
- outside, with nbgrader: `release`, `grade`, `submissions`, `report`, `course`, `execute`,
  `sandbox`, `running`, `controls`, `secrecy`, `borrowed`, `calls`, `process`, `gradebook`,
  `feedback`, `markup`, `configuration`, `marking`, and all of `elsewhere`; they hold the hidden
  tests, the gradebook and everyone's work;
- outside, with the book's environment and without nbgrader: `forkserver`, `jail`; they put a
  process into its cage before a student's code runs in it;
- inside, together with the student's code: `worker`, `guard`, `shell`, `settings`, `watch`,
  `wire`, `failures`.
"""

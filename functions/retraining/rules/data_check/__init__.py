"""The data check, in the order in which a block of rows passes through it.

`first_look` at the head, `reading` into blocks of columns, `cells` against the contract, `marking`
with the reserved columns, `writing` of the accepted copy; `check` brings them together.
"""

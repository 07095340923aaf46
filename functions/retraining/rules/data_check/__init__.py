"""The data check, in the order in which a block of rows passes through it.

`opening` looks at an object and finds its reader, which gives `blocks` of text by column; `cells`
checks and spells each column, `marking` adds the reserved ones, `writing` writes the accepted copy,
`guesses` says what may be wrong. `check` brings them together.
"""

"""Small pictures of instances, and sheets of them.

`picture` makes one from a frame of the engine, as `settings` say and `frame_choice` picks; `sheet`
puts those of a run in rows and `cache` keeps them. Which files a run has is for `commands`.
"""

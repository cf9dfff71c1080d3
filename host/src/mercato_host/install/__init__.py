"""From a deployment file to a lock, and from the lock to an environment.

A package has every right of the process that imports it, so the border is admission: the file names
packages and ranges of versions, the lock binds each feature to reviewed bytes, and no wheel is
unpacked before it was looked into. Where packages come from is one index.
"""

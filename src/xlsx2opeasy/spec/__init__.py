"""The catalogue: what the OpEasy Provisioning API 1.5.0 says about tasks, as data.

Standard library only, and no other room of the project is imported here. Every check, template, task file
and reference table is projected from it, so that each fact is in one place.
"""

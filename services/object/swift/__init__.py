"""Swift's own features, one module each, over the verbs beside this folder.

In Swift most of them are middlewares (common/middleware/); here they are functions and small
classes that the face puts together. Who may do what is one question, asked of `access`.
"""

from services.object.swift.face import face

__all__ = ["face"]

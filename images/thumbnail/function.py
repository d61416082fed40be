"""What Lambda calls: the step's handler, in a process that can be ended."""

from shared.supervisor import Supervised

handle = Supervised("thumbnail.handler")

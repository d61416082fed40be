variable "approval" {
  type        = string
  description = "Anything. A change of it is pending when the galleries are planned."
  default     = "first"
}

variable "galleries" {
  type = map(object({
    alarms = optional(bool, true)
    client = optional(bool, true)
    site   = optional(bool, true)
  }))
  description = "The galleries by name, and what they do without."
  default = {
    photos  = {}
    archive = { alarms = false, client = false, site = false }
  }
}

variable "kms_key_arn" {
  type        = string
  description = "ARN of the key for everything."
  default     = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

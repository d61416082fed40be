variable "alarm_email" {
  type        = string
  description = "Address that alarms are sent to, once it has confirmed the subscription; null sends none."
  default     = null
}

variable "architecture" {
  type        = string
  description = "Instruction set of the functions, which decides their price: arm64 or x86_64."

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64, got ${var.architecture}."
  }
}

variable "dead_letters_name" {
  type        = string
  description = "Name of the dead-letter queue."
}

variable "functions" {
  type = object({
    extract   = object({ name = string, log_group_name = string, memory_mb = number })
    tag       = object({ name = string, log_group_name = string, memory_mb = number })
    thumbnail = object({ name = string, log_group_name = string, memory_mb = number })
  })
  description = "The functions, by step: name, log group, and memory in MB."
}

variable "log_retention_days" {
  type        = number
  description = "Days that logs are kept."
}

variable "metric_namespace" {
  type        = string
  description = "Namespace of the watch's metric, which the watch's role must allow."

  validation {
    condition     = !startswith(lower(var.metric_namespace), "aws/")
    error_message = "metric_namespace must not begin with AWS/, which is AWS's own; got ${var.metric_namespace}."
  }
}

variable "name" {
  type        = string
  description = "Begins the names of the topic, the alarms, the dashboard and the watch."
}

variable "paid_labels" {
  type        = bool
  description = "Whether each labeled photo is a paid call of Amazon Rekognition."
}

variable "rejected_errors" {
  type        = list(string)
  description = "Names of the errors that reject a photo."

  validation {
    condition     = length(var.rejected_errors) > 0
    error_message = "rejected_errors must name the errors of photos that can never be processed."
  }
}

variable "rule_names" {
  type        = map(string)
  description = "Names of the workflow's rules, by key."
}

variable "service_tasks" {
  type        = map(list(string))
  description = "The states that call an AWS service other than Lambda, by the resource they call, such as aws-sdk:dynamodb:getItem."
}

variable "state_machine_arn" {
  type        = string
  description = "ARN of the state machine."
}

variable "table" {
  type        = object({ name = string, index_names = set(string) })
  description = "The table of the photos, and its global secondary indexes."
}

variable "watch_definition" {
  type        = string
  description = "Definition of the state machine that reports the oldest PROCESSING: JSON of the Amazon States Language."

  validation {
    condition     = can(jsondecode(var.watch_definition).StartAt)
    error_message = "watch_definition must be a state machine's JSON, with StartAt."
  }
}

variable "watch_policy_json" {
  type        = string
  description = "What the watch's role may do, beside writing its logs and traces."
}

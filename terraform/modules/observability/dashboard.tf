locals {
  # List prices in USD for us-east-1, June 2026, without free tiers and discounts. S3, CloudWatch and
  # reads of the table are omitted; docs/operations.md includes them.
  prices = {
    gb_second        = { arm64 = 0.0000133334, x86_64 = 0.0000166667 }[var.architecture]
    invocation       = 0.0000002
    label_request    = var.paid_labels ? 0.001 : 0
    state_transition = 0.000025
    write_unit       = 0.000000625
  }

  transitions_per_photo = 8 # for a photo that becomes READY at the first try

  # DynamoDB meters the table and each of its indexes separately.
  write_meters = concat(
    [["TableName", var.table.name]],
    [for index in var.table.index_names : ["TableName", var.table.name, "GlobalSecondaryIndexName", index]],
  )

  cost_metrics = concat(
    [for key, function in var.functions : ["AWS/Lambda", "Duration", "FunctionName", function.name, { id = "duration_${key}", stat = "Sum", visible = false }]],
    [for key, function in var.functions : ["AWS/Lambda", "Invocations", "FunctionName", function.name, { id = "invocations_${key}", stat = "Sum", visible = false }]],
    [["AWS/States", "ExecutionsStarted", "StateMachineArn", var.state_machine_arn, { id = "executions", stat = "Sum", visible = false }]],
    [for position, meter in local.write_meters : concat(["AWS/DynamoDB", "ConsumedWriteCapacityUnits"], meter, [{ id = "writes_${position}", stat = "Sum", visible = false }])],
  )

  # Cost of the period. The widget divides it by the invocations of Extract. Durations are in milliseconds.
  cost_expressions = {
    "Lambda" = join(" + ", [
      for key, function in var.functions :
      "FILL(duration_${key}, 0) / 1000 * ${function.memory_mb} / 1024 * ${local.prices.gb_second} + FILL(invocations_${key}, 0) * ${local.prices.invocation}"
    ])
    "Step Functions" = "FILL(executions, 0) * ${local.transitions_per_photo} * ${local.prices.state_transition}"
    "DynamoDB"       = "(${join(" + ", [for position, meter in local.write_meters : "FILL(writes_${position}, 0)"])}) * ${local.prices.write_unit}"
    "Rekognition"    = "FILL(invocations_tag, 0) * ${local.prices.label_request}"
  }

  rejections  = join(", ", [for error in var.rejected_errors : "\"${error}\""])
  log_sources = join(" | ", [for function in var.functions : "SOURCE '${function.log_group_name}'"])

  dashboard_rows = [
    [
      {
        title   = "Executions"
        stat    = "Sum"
        metrics = [for metric in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"] : ["AWS/States", metric, "StateMachineArn", var.state_machine_arn]]
      },
      {
        title   = "Execution time, ms"
        metrics = [for stat in ["p50", "p95"] : ["AWS/States", "ExecutionTime", "StateMachineArn", var.state_machine_arn, { label = stat, stat = stat }]]
      },
      {
        title = "Cost of 1,000 photos, USD (list prices for us-east-1)"
        view  = "timeSeries"
        # With a shorter period, the costs of a photo could be in a different data point than the photo.
        period  = 3600
        stacked = true
        metrics = concat(
          [for label, expression in local.cost_expressions : [{ label = label, expression = "1000 * (${expression}) / invocations_extract" }]],
          local.cost_metrics,
        )
      },
    ],
    [
      {
        title   = "Duration of the functions, ms"
        metrics = flatten([for key, function in var.functions : [for stat in ["p50", "p95"] : { metric = ["AWS/Lambda", "Duration", "FunctionName", function.name, { label = "${key} ${stat}", stat = stat }] }]])[*].metric
      },
      {
        # The metric's resource contains region and account, and counts all state machines.
        title   = "Duration of the states that call a service, ms (all state machines of the account)"
        metrics = flatten([for resource, states in var.service_tasks : [for stat in ["p50", "p95"] : { metric = ["AWS/States", "ServiceIntegrationTime", "ServiceIntegrationResourceArn", "arn:${local.partition}:states:${local.place}:${resource}", { label = "${join(", ", states)} ${stat}", stat = stat }] }]])[*].metric
      },
      {
        title   = "Throttled"
        stat    = "Sum"
        metrics = concat([["AWS/States", "ExecutionThrottled", "StateMachineArn", var.state_machine_arn]], [for key, function in var.functions : ["AWS/Lambda", "Throttles", "FunctionName", function.name, { label = key }]])
      },
    ],
    [
      {
        title   = "Dead-letter messages"
        stat    = "Maximum"
        metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", var.dead_letters_name, { label = "messages" }]]
      },
      {
        title   = "Longest PROCESSING, seconds"
        stat    = "Maximum"
        metrics = [[var.metric_namespace, local.age_metric, { label = "age" }]]
      },
      {
        title   = "Events not delivered"
        stat    = "Sum"
        metrics = flatten([for key, name in var.rule_names : [for metric in ["FailedInvocations", "InvocationsFailedToBeSentToDlq"] : { metric = ["AWS/Events", metric, "RuleName", name, { label = "${key} ${metric}" }] }]])[*].metric
      },
    ],
    [
      {
        title = "Photos rejected, by reason"
        query = "${local.log_sources} | filter errorType in [${local.rejections}] | stats count(*) as photos by errorType | sort photos desc"
      },
      {
        title = "Other errors of the functions"
        query = "${local.log_sources} | filter ispresent(errorType) and errorType not in [${local.rejections}] | stats count(*) as invocations by errorType | sort invocations desc"
      },
      {
        title   = "Edits"
        stat    = "Sum"
        metrics = [for metric in ["ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"] : ["AWS/States", metric, "StateMachineArn", var.edit_arn]]
      },
    ],
  ]
}

# Dashboard names are unique in the account, so that they contain the region.
resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.name}-${local.region}"

  dashboard_body = jsonencode({
    widgets = flatten([
      for row, widgets in local.dashboard_rows : [
        for column, widget in widgets : {
          type   = can(widget.query) ? "log" : "metric"
          x      = column * 8
          y      = row * 6
          width  = 8
          height = 6
          properties = merge(
            { region = local.region, view = can(widget.query) ? "table" : "timeSeries" },
            can(widget.query) ? {} : { period = 300 },
            widget,
          )
        }
      ]
    ])
  })
}

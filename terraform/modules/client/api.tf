# GET /executions/{name} returns the state of an execution, and POST /edits makes one edit. API Gateway
# calls Step Functions directly, without a function. local/api.py renders the same templates.

locals {
  stage_name     = "v1"
  cors           = length(var.cors_origins) > 0
  step_functions = "arn:${split(":", var.executions_arn)[1]}:apigateway:${split(":", var.executions_arn)[3]}:states:action"

  # A response header of a REST API has one fixed value. For several origins a template has to select
  # it, so the template is used for one origin too. Clients send Origin in different cases.
  allow_origin = !local.cors ? "" : templatefile("${path.module}/templates/allow_origin.vtl.tftpl", {
    is_allowed = join(" || ", [for origin in var.cors_origins : "$origin == '${origin}'"])
  })

  # A template cannot reject a request. So for a caller without an identity, an invalid name or a body that
  # is too long it sends what Step Functions rejects. The owner is the caller, never a value of the body:
  # it comes after the body, which is JSON, so that no body can replace it. escapeJavaScript also escapes ',
  # which JSON does not allow. METADATA_ONLY excludes input and output.
  # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
  # https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
  templates = {
    for name in ["describe_execution", "described", "edit", "edited", "not_described", "not_edited"] :
    name => templatefile("${path.module}/templates/${name}.vtl.tftpl", {
      allow_origin   = local.allow_origin
      edit_arn       = var.edit_arn
      executions     = trimsuffix(var.executions_arn, "*")
      max_characters = 65536 # in UTF-8 less than the 256 KiB of an execution's input
    })
  }

  # Methods that pages may use, and the headers that they send.
  preflights = !local.cors ? {} : {
    execution = {
      resource_id = aws_api_gateway_resource.execution.id
      method      = "GET"
      headers     = "Authorization,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token"
    }
    edits = {
      resource_id = aws_api_gateway_resource.edits.id
      method      = "POST"
      headers     = "Authorization,Content-Type,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token"
    }
  }
}

# Without conditions on aws:SourceAccount or aws:SourceArn: API Gateway sends neither when it assumes the
# role of an integration, so a condition would deny it. Only principals with iam:PassRole in this
# account can assign the role to an API.
# https://github.com/aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/pull/479
data "aws_iam_policy_document" "api_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "api" {
  name                 = "${var.name}-api-${var.deployment.region}"
  description          = "Role of API Gateway to describe executions of ${var.name} and to make edits."
  assume_role_policy   = data.aws_iam_policy_document.api_trust.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

resource "aws_iam_role_policy" "api" {
  name   = "call-step-functions"
  role   = aws_iam_role.api.id
  policy = var.api_policy_json
}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = "State of executions of ${var.name}, and edits."
  tags        = var.deployment.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_resource" "executions" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "executions"
}

resource "aws_api_gateway_resource" "execution" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.executions.id
  path_part   = "{name}"
}

resource "aws_api_gateway_method" "get" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.execution.id
  http_method        = "GET"
  authorization      = "AWS_IAM"
  request_parameters = { "method.request.path.name" = true }
}

resource "aws_api_gateway_integration" "get" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.execution.id
  http_method             = aws_api_gateway_method.get.http_method
  type                    = "AWS"
  integration_http_method = "POST"
  uri                     = "${local.step_functions}/DescribeExecution"
  credentials             = aws_iam_role.api.arn
  passthrough_behavior    = "NEVER"
  request_templates       = { "application/json" = local.templates.describe_execution }
}

resource "aws_api_gateway_method_response" "get" {
  for_each = toset(["200", "502"])

  rest_api_id     = aws_api_gateway_rest_api.this.id
  resource_id     = aws_api_gateway_resource.execution.id
  http_method     = aws_api_gateway_method.get.http_method
  status_code     = each.key
  response_models = { "application/json" = "Empty" }
}

resource "aws_api_gateway_integration_response" "described" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.execution.id
  http_method        = aws_api_gateway_integration.get.http_method
  status_code        = aws_api_gateway_method_response.get["200"].status_code
  response_templates = { "application/json" = local.templates.described }
}

resource "aws_api_gateway_integration_response" "refused" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.execution.id
  http_method        = aws_api_gateway_integration.get.http_method
  status_code        = aws_api_gateway_method_response.get["502"].status_code
  selection_pattern  = "[45]\\d{2}"
  response_templates = { "application/json" = local.templates.not_described }
}

# The body is JSON before a template reads it: the validator refuses everything else. The state machine
# checks the values, and names the one that is wrong.
resource "aws_api_gateway_resource" "edits" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "edits"
}

resource "aws_api_gateway_model" "edit" {
  rest_api_id  = aws_api_gateway_rest_api.this.id
  name         = "Edit"
  description  = "A patch of one photo or one album."
  content_type = "application/json"
  schema       = jsonencode({ type = "object" })
}

resource "aws_api_gateway_request_validator" "body" {
  rest_api_id           = aws_api_gateway_rest_api.this.id
  name                  = "body"
  validate_request_body = true
}

resource "aws_api_gateway_method" "post" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  resource_id          = aws_api_gateway_resource.edits.id
  http_method          = "POST"
  authorization        = "AWS_IAM"
  request_models       = { "application/json" = aws_api_gateway_model.edit.name }
  request_validator_id = aws_api_gateway_request_validator.body.id
}

# A body of another content type has no template, so it is refused (415) and never passes unvalidated.
resource "aws_api_gateway_integration" "post" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.edits.id
  http_method             = aws_api_gateway_method.post.http_method
  type                    = "AWS"
  integration_http_method = "POST"
  uri                     = "${local.step_functions}/StartSyncExecution"
  credentials             = aws_iam_role.api.arn
  passthrough_behavior    = "NEVER"
  request_templates       = { "application/json" = local.templates.edit }
}

resource "aws_api_gateway_method_response" "post" {
  for_each = toset(["200", "503"])

  rest_api_id     = aws_api_gateway_rest_api.this.id
  resource_id     = aws_api_gateway_resource.edits.id
  http_method     = aws_api_gateway_method.post.http_method
  status_code     = each.key
  response_models = { "application/json" = "Empty" }
}

# Step Functions answers 200 to an execution that has failed, too.
resource "aws_api_gateway_integration_response" "edited" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.edits.id
  http_method        = aws_api_gateway_integration.post.http_method
  status_code        = aws_api_gateway_method_response.post["200"].status_code
  response_templates = { "application/json" = local.templates.edited }
}

resource "aws_api_gateway_integration_response" "not_edited" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.edits.id
  http_method        = aws_api_gateway_integration.post.http_method
  status_code        = aws_api_gateway_method_response.post["503"].status_code
  selection_pattern  = "[45]\\d{2}"
  response_templates = { "application/json" = local.templates.not_edited }
}

# CORS preflight requests, which browsers never sign.
resource "aws_api_gateway_method" "options" {
  for_each = local.preflights

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = each.value.resource_id
  http_method   = "OPTIONS"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "options" {
  for_each = local.preflights

  rest_api_id       = aws_api_gateway_rest_api.this.id
  resource_id       = each.value.resource_id
  http_method       = aws_api_gateway_method.options[each.key].http_method
  type              = "MOCK"
  request_templates = { "application/json" = jsonencode({ statusCode = 204 }) }
}

resource "aws_api_gateway_method_response" "options" {
  for_each = local.preflights

  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = each.value.resource_id
  http_method = aws_api_gateway_method.options[each.key].http_method
  status_code = "204"
  response_parameters = {
    "method.response.header.Access-Control-Allow-Headers" = true
    "method.response.header.Access-Control-Allow-Methods" = true
    "method.response.header.Access-Control-Max-Age"       = true
  }
}

resource "aws_api_gateway_integration_response" "options" {
  for_each = local.preflights

  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = each.value.resource_id
  http_method        = aws_api_gateway_integration.options[each.key].http_method
  status_code        = aws_api_gateway_method_response.options[each.key].status_code
  response_templates = { "application/json" = local.allow_origin }
  response_parameters = {
    "method.response.header.Access-Control-Allow-Headers" = "'${each.value.headers}'"
    "method.response.header.Access-Control-Allow-Methods" = "'${each.value.method}'"
    "method.response.header.Access-Control-Max-Age"       = "'3600'"
  }
}

moved {
  from = aws_api_gateway_method.options[0]
  to   = aws_api_gateway_method.options["execution"]
}

moved {
  from = aws_api_gateway_integration.options[0]
  to   = aws_api_gateway_integration.options["execution"]
}

moved {
  from = aws_api_gateway_method_response.options[0]
  to   = aws_api_gateway_method_response.options["execution"]
}

moved {
  from = aws_api_gateway_integration_response.options[0]
  to   = aws_api_gateway_integration_response.options["execution"]
}

# API Gateway's own responses (invalid signature, too many requests) use no template. With one origin
# its pages can read them; with several origins pages see a failed request.
resource "aws_api_gateway_gateway_response" "cors" {
  for_each = toset(length(var.cors_origins) == 1 ? ["DEFAULT_4XX", "DEFAULT_5XX"] : [])

  rest_api_id         = aws_api_gateway_rest_api.this.id
  response_type       = each.key
  response_parameters = { "gatewayresponse.header.Access-Control-Allow-Origin" = "'${var.cors_origins[0]}'" }
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # A deployment is a snapshot of the API, which depends only on this file, its templates and these variables.
  triggers = {
    snapshot = sha256(join("\n", [
      file("${path.module}/api.tf"),
      jsonencode([var.name, var.edit_arn, var.executions_arn, var.cors_origins]),
      jsonencode(local.templates),
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [
    aws_api_gateway_gateway_response.cors,
    aws_api_gateway_integration_response.described,
    aws_api_gateway_integration_response.edited,
    aws_api_gateway_integration_response.not_edited,
    aws_api_gateway_integration_response.options,
    aws_api_gateway_integration_response.refused,
  ]
}

# REST APIs write logs with a role that is set once for each account and region
# (aws_api_gateway_account). Setting it here would replace the role of other APIs in the account. So
# logs are an option for accounts that have the role. Metrics and traces do not need it.
resource "aws_cloudwatch_log_group" "api" {
  count = var.api_access_logs ? 1 : 0

  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.deployment.log_kms_key_arn
  tags              = var.deployment.tags
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = local.stage_name
  xray_tracing_enabled = true
  tags                 = var.deployment.tags

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.api

    content {
      destination_arn = access_log_settings.value.arn
      format = jsonencode({
        time              = "$context.requestTime"
        requestId         = "$context.requestId"
        identity          = "$context.identity.cognitoIdentityId"
        method            = "$context.httpMethod"
        path              = "$context.path"
        status            = "$context.status"
        integrationStatus = "$context.integration.integrationStatus"
        latencyMs         = "$context.responseLatency"
        error             = "$context.error.message"
      })
    }
  }
}

resource "aws_api_gateway_method_settings" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "*/*"

  settings {
    # Step Functions allows 10 to 15 DescribeExecution requests per second and account, with a burst of
    # 250 to 300.
    throttling_rate_limit  = 10
    throttling_burst_limit = 100
  }
}

# Step Functions starts synchronous executions as far as capacity allows, without a quota of the account
# (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html). A page that edits 600 photos
# sends some at once and tries throttled ones again: at 50 a second it is done in some 12 seconds.
resource "aws_api_gateway_method_settings" "edits" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.this.stage_name
  method_path = "${aws_api_gateway_resource.edits.path_part}/${aws_api_gateway_method.post.http_method}"

  settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 200
  }
}

# GET /executions/{name}: how far an execution is. API Gateway asks Step Functions itself, without a
# function between them, and answers {status, startDate, stopDate}: nothing of what went in or out.

locals {
  stage_name = "v1"
  cors       = length(var.cors_origins) > 0

  # A header of a REST API's response is one fixed text. With several origins a template has to
  # choose, so the one way does for all. Browsers write Origin as they like.
  allow_origin = !local.cors ? "" : <<-VTL
    #set($origin = $input.params('origin'))
    #if(!$origin || $origin == '')#set($origin = $input.params('Origin'))#end
    #if(${join(" || ", [for origin in var.cors_origins : "$origin == '${origin}'"])})
    #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
    #end
    #set($context.responseOverride.header.Vary = 'Origin')
  VTL

  # A name that is none is sent on as an ARN that is none, which Step Functions refuses: a template
  # cannot end a request. METADATA_ONLY: neither input nor output leaves Step Functions.
  describe_execution = <<-VTL
    #set($name = $input.params('name'))
    #if($name.matches('^[A-Za-z0-9_-]{1,80}$'))
    {"executionArn": "${trimsuffix(var.executions_arn, "*")}$name", "includedData": "METADATA_ONLY"}
    #else
    {"executionArn": "not the name of an execution"}
    #end
  VTL

  described = <<-VTL
    ${local.allow_origin}
    #set($stop = $input.path('$.stopDate'))
    {"status": $input.json('$.status'), "startDate": $input.json('$.startDate')
    #if($stop && $stop != ''), "stopDate": $input.json('$.stopDate')#end
    }
  VTL

  # Step Functions answers 400 to whatever went wrong, also where the fault is ours.
  refused = <<-VTL
    ${local.allow_origin}
    #set($type = $input.path('$.__type'))
    #if($type.contains('ExecutionDoesNotExist'))
    #set($context.responseOverride.status = 404)
    {"message": "There is no such execution."}
    #elseif($type.contains('InvalidArn'))
    #set($context.responseOverride.status = 400)
    {"message": "The name of an execution is 1 to 80 of A-Z, a-z, 0-9, - and _."}
    #elseif($type.contains('Throttling'))
    #set($context.responseOverride.status = 429)
    {"message": "Too many requests."}
    #else
    {"message": "The execution could not be looked up."}
    #end
  VTL
}

# Without aws:SourceAccount or aws:SourceArn: API Gateway sends neither when it assumes the role of
# an integration, and would be refused. Only who may pass this role (iam:PassRole, in this account
# alone) can give it to an API.
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
  name               = "${var.name}-api"
  description        = "API Gateway, asking Step Functions about executions of ${var.name}."
  assume_role_policy = data.aws_iam_policy_document.api_trust.json
}

resource "aws_iam_role_policy" "api" {
  name   = "describe-executions"
  role   = aws_iam_role.api.id
  policy = var.api_policy_json
}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = "How far executions of ${var.name} are."

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
  uri                     = "arn:${split(":", var.executions_arn)[1]}:apigateway:${split(":", var.executions_arn)[3]}:states:action/DescribeExecution"
  credentials             = aws_iam_role.api.arn
  passthrough_behavior    = "NEVER"
  request_templates       = { "application/json" = local.describe_execution }
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
  response_templates = { "application/json" = local.described }
}

resource "aws_api_gateway_integration_response" "refused" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.execution.id
  http_method        = aws_api_gateway_integration.get.http_method
  status_code        = aws_api_gateway_method_response.get["502"].status_code
  selection_pattern  = "[45]\\d{2}"
  response_templates = { "application/json" = local.refused }
}

# The question that browsers ask first, which is never signed.
resource "aws_api_gateway_method" "options" {
  count = local.cors ? 1 : 0

  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = aws_api_gateway_resource.execution.id
  http_method   = "OPTIONS"
  authorization = "NONE"
}

resource "aws_api_gateway_integration" "options" {
  count = local.cors ? 1 : 0

  rest_api_id       = aws_api_gateway_rest_api.this.id
  resource_id       = aws_api_gateway_resource.execution.id
  http_method       = aws_api_gateway_method.options[0].http_method
  type              = "MOCK"
  request_templates = { "application/json" = jsonencode({ statusCode = 204 }) }
}

resource "aws_api_gateway_method_response" "options" {
  count = local.cors ? 1 : 0

  rest_api_id = aws_api_gateway_rest_api.this.id
  resource_id = aws_api_gateway_resource.execution.id
  http_method = aws_api_gateway_method.options[0].http_method
  status_code = "204"
  response_parameters = {
    "method.response.header.Access-Control-Allow-Headers" = true
    "method.response.header.Access-Control-Allow-Methods" = true
    "method.response.header.Access-Control-Max-Age"       = true
  }
}

resource "aws_api_gateway_integration_response" "options" {
  count = local.cors ? 1 : 0

  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.execution.id
  http_method        = aws_api_gateway_integration.options[0].http_method
  status_code        = aws_api_gateway_method_response.options[0].status_code
  response_templates = { "application/json" = local.allow_origin }
  response_parameters = {
    "method.response.header.Access-Control-Allow-Headers" = "'Authorization,X-Amz-Content-Sha256,X-Amz-Date,X-Amz-Security-Token'"
    "method.response.header.Access-Control-Allow-Methods" = "'GET'"
    "method.response.header.Access-Control-Max-Age"       = "'3600'"
  }
}

# What API Gateway answers by itself (a bad signature, too many requests) runs no template. One origin
# can read it; pages of several see a failed request.
resource "aws_api_gateway_gateway_response" "cors" {
  for_each = toset(length(var.cors_origins) == 1 ? ["DEFAULT_4XX", "DEFAULT_5XX"] : [])

  rest_api_id         = aws_api_gateway_rest_api.this.id
  response_type       = each.key
  response_parameters = { "gatewayresponse.header.Access-Control-Allow-Origin" = "'${var.cors_origins[0]}'" }
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id

  # A deployment is a snapshot. Everything in it is made of this file and of these variables.
  triggers = {
    snapshot = sha256(join("\n", [
      file("${path.module}/api.tf"),
      jsonencode([var.name, var.executions_arn, var.cors_origins]),
    ]))
  }

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [
    aws_api_gateway_gateway_response.cors,
    aws_api_gateway_integration_response.described,
    aws_api_gateway_integration_response.options,
    aws_api_gateway_integration_response.refused,
  ]
}

# REST APIs write logs with a role that an account has once for each region (aws_api_gateway_account).
# To set it here would take it from whatever else runs in the account; so logs are asked for where
# the account has that role. Metrics and traces need none.
resource "aws_cloudwatch_log_group" "api" {
  count = var.api_access_logs ? 1 : 0

  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = local.stage_name
  xray_tracing_enabled = true

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
    # Step Functions allows an account 10 to 15 DescribeExecution a second, and a burst of 250 to 300.
    throttling_rate_limit  = 10
    throttling_burst_limit = 100
  }
}

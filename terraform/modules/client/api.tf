# GET /executions/{name} returns the state of an execution. API Gateway calls Step Functions directly,
# without a function, and returns {status, startDate, stopDate}, without input and output.

locals {
  stage_name = "v1"
  cors       = length(var.cors_origins) > 0

  # A response header of a REST API has one fixed value. For several origins a template has to select
  # it, so the template is used for one origin too. Clients send Origin in different cases.
  allow_origin = !local.cors ? "" : <<-VTL
    #set($origin = $input.params('origin'))
    #if(!$origin || $origin == '')#set($origin = $input.params('Origin'))#end
    #if(${join(" || ", [for origin in var.cors_origins : "$origin == '${origin}'"])})
    #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin)
    #end
    #set($context.responseOverride.header.Vary = 'Origin')
  VTL

  # A template cannot reject a request. So for an invalid name it sends an invalid ARN, which Step
  # Functions rejects. METADATA_ONLY excludes input and output.
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

  # Step Functions answers 400 to every error, including errors that the client did not cause.
  refused = <<-VTL
    ${local.allow_origin}
    #set($type = $input.path('$.__type'))
    #if($type.contains('ExecutionDoesNotExist'))
    #set($context.responseOverride.status = 404)
    {"message": "The execution does not exist."}
    #elseif($type.contains('InvalidArn'))
    #set($context.responseOverride.status = 400)
    {"message": "The name of an execution must be 1 to 80 characters from A-Z, a-z, 0-9, - and _."}
    #elseif($type.contains('Throttling'))
    #set($context.responseOverride.status = 429)
    {"message": "Too many requests."}
    #else
    {"message": "The execution could not be described."}
    #end
  VTL
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
  name               = "${var.name}-api-${data.aws_region.current.id}"
  description        = "Role of API Gateway to describe executions of ${var.name}."
  assume_role_policy = data.aws_iam_policy_document.api_trust.json
}

resource "aws_iam_role_policy" "api" {
  name   = "describe-executions"
  role   = aws_iam_role.api.id
  policy = var.api_policy_json
}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = "State of executions of ${var.name}."

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

# CORS preflight requests, which browsers never sign.
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

  # A deployment is a snapshot of the API, which depends only on this file and on these variables.
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

# REST APIs write logs with a role that is set once for each account and region
# (aws_api_gateway_account). Setting it here would replace the role of other APIs in the account. So
# logs are an option for accounts that have the role. Metrics and traces do not need it.
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
    # Step Functions allows 10 to 15 DescribeExecution requests per second and account, with a burst of
    # 250 to 300.
    throttling_rate_limit  = 10
    throttling_burst_limit = 100
  }
}

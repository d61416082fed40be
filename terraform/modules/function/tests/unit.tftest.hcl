# Uses the real provider, which renders policies and checks arguments. A plan of new resources sends
# no requests to AWS.
provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name               = "gallery-extract"
  architecture       = "arm64"
  environment        = { PHOTOS_BUCKET = "gallery-photos" }
  image_uri          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-extract@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  log_retention_days = 30
  memory_mb          = 512
  policy_json        = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"ReadPhotos\",\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::gallery-photos/uploads/*\"}]}"
  timeout_seconds    = 30
}

run "runs_the_image_with_the_given_settings" {
  command = plan

  assert {
    condition = alltrue([
      aws_lambda_function.this.function_name == "gallery-extract",
      aws_lambda_function.this.package_type == "Image",
      aws_lambda_function.this.image_uri == var.image_uri,
      aws_lambda_function.this.architectures == tolist(["arm64"]),
      aws_lambda_function.this.memory_size == 512,
      aws_lambda_function.this.timeout == 30,
      aws_lambda_function.this.environment[0].variables == tomap({ PHOTOS_BUCKET = "gallery-photos" }),
    ])
    error_message = "The function must run image_uri, with the given architecture, memory, timeout and environment."
  }
}

run "logs_json_to_a_group_with_a_retention" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/gallery-extract"
    error_message = "Logs must be JSON, in the function's own log group."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/gallery-extract" && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Logs must expire after log_retention_days."
  }
}

run "is_traced" {
  command = plan

  assert {
    condition     = aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "X-Ray tracing must be active."
  }
}

run "has_a_role_of_its_own" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role.this.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
    error_message = "Only Lambda may assume the role."
  }
}

run "may_write_logs_and_traces_and_use_policy_json" {
  command = plan

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid => statement } == {
      ReadPhotos = {
        Sid      = "ReadPhotos"
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = "arn:aws:s3:::gallery-photos/uploads/*"
      }
      WriteLogs = {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:PutLogEvents", "logs:CreateLogStream"]
        Resource = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/gallery-extract:log-stream:*"
      }
      WriteTraces = {
        Sid      = "WriteTraces"
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = "*"
      }
    }
    error_message = "The policy must allow its own logs, traces and policy_json only: ${aws_iam_role_policy.this.policy}"
  }
}

mock_provider "aws" {
  override_during = plan

  mock_resource "aws_cognito_identity_pool" {
    defaults = { id = "eu-west-1:11111111-2222-3333-4444-555555555555" }
  }

  mock_resource "aws_api_gateway_rest_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/gallery-client" }
  }

  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  deployment = {
    account_id = "123456789012"
    dns_suffix = "amazonaws.com"
    partition  = "aws"
    region     = "eu-west-1"
  }
  name            = "gallery"
  policy_json     = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  api_policy_json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  edit_arn        = "arn:aws:states:eu-west-1:123456789012:stateMachine:gallery-edit"
  executions_arn  = "arn:aws:states:eu-west-1:123456789012:execution:gallery:*"
}

run "guests_get_no_credentials" {
  command = plan

  assert {
    condition     = !aws_cognito_identity_pool.this.allow_unauthenticated_identities && !aws_cognito_identity_pool.this.allow_classic_flow
    error_message = "The identity pool must refuse guests, and the classic flow, in which a client chooses its role."
  }

  assert {
    condition     = alltrue([for provider in aws_cognito_identity_pool.this.cognito_identity_providers : provider.server_side_token_check])
    error_message = "Revoked tokens must get no credentials."
  }

  assert {
    condition     = keys(aws_cognito_identity_pool_roles_attachment.this.roles) == tolist(["authenticated"])
    error_message = "Guests must have no role."
  }
}

run "only_users_of_this_pool_may_assume_the_role" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.client_trust.statement[0].actions == toset(["sts:AssumeRoleWithWebIdentity"])
    error_message = "The role must be assumable by web identity only."
  }

  assert {
    condition = {
      for condition in data.aws_iam_policy_document.client_trust.statement[0].condition :
      "${condition.test} ${condition.variable}" => condition.values
      } == {
      "StringEquals cognito-identity.amazonaws.com:aud"             = tolist(["eu-west-1:11111111-2222-3333-4444-555555555555"])
      "ForAnyValue:StringEquals cognito-identity.amazonaws.com:amr" = tolist(["authenticated"])
    }
    error_message = "The trust policy must require this identity pool and authenticated identities."
  }
}

run "the_role_may_call_two_methods_of_one_api" {
  command = plan

  assert {
    condition = (
      toset(flatten([for statement in data.aws_iam_policy_document.client_api.statement : statement.actions])) == toset(["execute-api:Invoke"]) &&
      toset(flatten([for statement in data.aws_iam_policy_document.client_api.statement : statement.resources])) == toset([
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/GET/executions/*",
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/POST/edits",
      ])
    )
    error_message = "A client must be allowed to GET executions and to POST edits, and nothing else in the API."
  }
}

run "only_administrators_create_accounts" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only
    error_message = "By default users must not be able to create accounts."
  }
}

run "anyone_can_create_an_account_with_self_sign_up" {
  command = plan

  variables { self_sign_up = true }

  assert {
    condition     = !aws_cognito_user_pool.this.admin_create_user_config[0].allow_admin_create_user_only
    error_message = "self_sign_up must allow users to create accounts."
  }
}

run "passwords_are_strong_and_a_second_factor_is_available" {
  command = plan

  assert {
    condition = (
      aws_cognito_user_pool.this.password_policy[0].minimum_length >= 12 &&
      aws_cognito_user_pool.this.password_policy[0].require_lowercase &&
      aws_cognito_user_pool.this.password_policy[0].require_numbers &&
      aws_cognito_user_pool.this.password_policy[0].require_symbols &&
      aws_cognito_user_pool.this.password_policy[0].require_uppercase
    )
    error_message = "Passwords must have at least 12 characters of four kinds."
  }

  assert {
    condition     = aws_cognito_user_pool.this.mfa_configuration == "OPTIONAL" && aws_cognito_user_pool.this.software_token_mfa_configuration[0].enabled
    error_message = "Users must be able to enable TOTP."
  }
}

run "users_are_protected_by_default" {
  command = plan

  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "ACTIVE"
    error_message = "The user pool must be protected from destruction."
  }
}

run "users_can_be_deleted_with_keep_users_false" {
  command = plan

  variables { keep_users = false }

  assert {
    condition     = aws_cognito_user_pool.this.deletion_protection == "INACTIVE"
    error_message = "keep_users = false must allow the user pool to be destroyed."
  }
}

run "a_page_signs_in_without_a_secret_and_without_sending_the_password" {
  command = plan

  assert {
    condition     = !aws_cognito_user_pool_client.this.generate_secret
    error_message = "The client must have no secret, because a page cannot keep one."
  }

  assert {
    condition     = aws_cognito_user_pool_client.this.explicit_auth_flows == toset(["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"])
    error_message = "Only SRP and refresh tokens must be allowed."
  }

  assert {
    condition     = aws_cognito_user_pool_client.this.prevent_user_existence_errors == "ENABLED" && aws_cognito_user_pool_client.this.enable_token_revocation
    error_message = "Errors must not reveal who has an account, and tokens must be revocable."
  }
}

run "the_api_calls_step_functions_and_requires_signed_requests" {
  command = plan

  assert {
    condition     = aws_api_gateway_method.get.authorization == "AWS_IAM" && aws_api_gateway_method.post.authorization == "AWS_IAM"
    error_message = "Requests must be signed."
  }

  assert {
    condition     = aws_api_gateway_integration.get.uri == "arn:aws:apigateway:eu-west-1:states:action/DescribeExecution"
    error_message = "The API must call DescribeExecution directly."
  }

  assert {
    condition     = aws_api_gateway_integration.post.uri == "arn:aws:apigateway:eu-west-1:states:action/StartSyncExecution"
    error_message = "The API must call StartSyncExecution directly."
  }

  assert {
    condition     = aws_api_gateway_integration.get.passthrough_behavior == "NEVER" && aws_api_gateway_integration.post.passthrough_behavior == "NEVER"
    error_message = "Requests must reach Step Functions only through the template."
  }
}

run "a_body_is_validated_before_a_template_reads_it" {
  command = plan

  assert {
    condition     = aws_api_gateway_request_validator.body.validate_request_body && jsondecode(aws_api_gateway_model.edit.schema).type == "object"
    error_message = "A body must be a JSON object."
  }

  assert {
    condition     = keys(aws_api_gateway_method.post.request_models) == tolist(["application/json"]) && keys(aws_api_gateway_integration.post.request_templates) == tolist(["application/json"])
    error_message = "A body of a type without a model must have no template, because API Gateway does not validate it."
  }
}

run "the_api_is_throttled_and_traced" {
  command = plan

  assert {
    condition     = aws_api_gateway_method_settings.this.settings[0].throttling_rate_limit == 10 && aws_api_gateway_method_settings.this.settings[0].throttling_burst_limit == 100
    error_message = "The API's limit must be below the account's quota in Step Functions."
  }

  assert {
    condition     = aws_api_gateway_method_settings.edits.method_path == "edits/POST" && aws_api_gateway_method_settings.edits.settings[0].throttling_rate_limit == 50 && aws_api_gateway_method_settings.edits.settings[0].throttling_burst_limit == 200
    error_message = "A person must be able to edit some hundred photos at once."
  }

  assert {
    condition     = aws_api_gateway_stage.this.xray_tracing_enabled
    error_message = "Requests must be traced."
  }
}

run "no_page_may_call_without_cors_origins" {
  command = plan

  assert {
    condition     = length(aws_api_gateway_method.options) == 0 && length(aws_api_gateway_gateway_response.cors) == 0
    error_message = "There must be no OPTIONS method and no CORS header."
  }

  assert {
    condition     = !anytrue([for template in values(local.templates) : strcontains(template, "Access-Control")])
    error_message = "Responses must contain no CORS header."
  }
}

run "pages_of_the_one_origin_may_call" {
  command = plan

  variables { cors_origins = ["https://photos.example.com"] }

  assert {
    condition = {
      for key, response in aws_api_gateway_integration_response.options :
      key => response.response_parameters["method.response.header.Access-Control-Allow-Methods"]
    } == { execution = "'GET'", edits = "'POST'" }
    error_message = "Pages must be allowed to GET executions and to POST edits only."
  }

  assert {
    condition     = toset([for response in aws_api_gateway_gateway_response.cors : response.response_parameters["gatewayresponse.header.Access-Control-Allow-Origin"]]) == toset(["'https://photos.example.com'"])
    error_message = "The page must be able to read API Gateway's own responses."
  }
}

run "pages_of_several_origins_may_call" {
  command = plan

  variables { cors_origins = ["https://photos.example.com", "http://localhost:5173"] }

  assert {
    condition     = strcontains(aws_api_gateway_integration_response.options["edits"].response_templates["application/json"], "$origin == 'https://photos.example.com' || $origin == 'http://localhost:5173'")
    error_message = "The response must contain the caller's origin, if it is allowed."
  }

  assert {
    condition     = length(aws_api_gateway_gateway_response.cors) == 0
    error_message = "There must be no fixed header, which would be wrong for one of the origins."
  }
}

run "requests_are_not_logged_by_default" {
  command = plan

  assert {
    condition     = length(aws_cloudwatch_log_group.api) == 0 && length(aws_api_gateway_stage.this.access_log_settings) == 0
    error_message = "By default there must be no access logs, because they need a role of the account."
  }
}

run "requests_are_logged_with_api_access_logs" {
  command = plan

  variables {
    api_access_logs    = true
    log_retention_days = 7
  }

  assert {
    condition     = aws_cloudwatch_log_group.api[0].retention_in_days == 7 && length(aws_api_gateway_stage.this.access_log_settings) == 1
    error_message = "Requests must be logged, and kept for log_retention_days."
  }
}

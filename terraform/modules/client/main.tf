# Authentication (a user pool) and authorization in AWS (an identity pool and its role). The API is
# in api.tf.

resource "aws_cognito_user_pool" "this" {
  name                     = var.name
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OPTIONAL"
  deletion_protection      = var.keep_users ? "ACTIVE" : "INACTIVE"
  tags                     = var.deployment.tags

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 12
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = true
    require_uppercase                = true
    temporary_password_validity_days = 7
  }

  software_token_mfa_configuration {
    enabled = true
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.self_sign_up
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }

  # A new email address replaces the old one only after it is verified, so that a typing error does not
  # lock a user out.
  user_attribute_update_settings {
    attributes_require_verification_before_update = ["email"]
  }
}

# A page in a browser cannot keep a client secret, so it has none. SRP never sends the password.
resource "aws_cognito_user_pool_client" "this" {
  name                          = var.name
  user_pool_id                  = aws_cognito_user_pool.this.id
  generate_secret               = false
  explicit_auth_flows           = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
  supported_identity_providers  = ["COGNITO"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true
  read_attributes               = ["email", "email_verified"]
  write_attributes              = ["email"]
  access_token_validity         = 1
  id_token_validity             = 1
  refresh_token_validity        = 30

  token_validity_units {
    access_token  = "hours"
    id_token      = "hours"
    refresh_token = "days"
  }
}

resource "aws_cognito_identity_pool" "this" {
  identity_pool_name               = var.name
  allow_unauthenticated_identities = false
  allow_classic_flow               = false
  tags                             = var.deployment.tags

  cognito_identity_providers {
    client_id               = aws_cognito_user_pool_client.this.id
    provider_name           = aws_cognito_user_pool.this.endpoint
    server_side_token_check = true # revoked tokens get no new credentials
  }
}

data "aws_iam_policy_document" "client_trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = ["cognito-identity.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "cognito-identity.amazonaws.com:aud"
      values   = [aws_cognito_identity_pool.this.id]
    }

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "cognito-identity.amazonaws.com:amr"
      values   = ["authenticated"]
    }
  }
}

# Role names are unique in the account, so that they contain the region.
resource "aws_iam_role" "client" {
  name                 = "${var.name}-client-${var.deployment.region}"
  description          = "Role of signed-in users of ${var.name}, limited to their own data."
  assume_role_policy   = data.aws_iam_policy_document.client_trust.json
  path                 = var.deployment.role_path
  permissions_boundary = var.deployment.permissions_boundary_arn
  tags                 = var.deployment.tags
}

resource "aws_iam_role_policy" "client" {
  name   = "own-photos"
  role   = aws_iam_role.client.id
  policy = var.policy_json
}

# A separate policy, because the API's ID is known only after it exists. So the first plan shows the
# policy above in full.
data "aws_iam_policy_document" "client_api" {
  statement {
    sid       = "GetExecutionState"
    actions   = ["execute-api:Invoke"]
    resources = ["${aws_api_gateway_rest_api.this.execution_arn}/${local.stage_name}/GET/executions/*"]
  }

  # Of the caller's own photos: the API names the caller as their owner.
  statement {
    sid       = "EditPhotos"
    actions   = ["execute-api:Invoke"]
    resources = ["${aws_api_gateway_rest_api.this.execution_arn}/${local.stage_name}/POST/edits"]
  }
}

resource "aws_iam_role_policy" "client_api" {
  name   = "call-api"
  role   = aws_iam_role.client.id
  policy = data.aws_iam_policy_document.client_api.json
}

resource "aws_cognito_identity_pool_roles_attachment" "this" {
  identity_pool_id = aws_cognito_identity_pool.this.id
  roles            = { authenticated = aws_iam_role.client.arn }
}

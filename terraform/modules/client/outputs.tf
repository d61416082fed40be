output "api_arn" {
  description = "ARN that policies name the API by, without stage and method."
  value       = aws_api_gateway_rest_api.this.execution_arn
}

output "api_host" {
  description = "Host name of the API, which does not depend on its methods."
  value       = "${aws_api_gateway_rest_api.this.id}.execute-api.${var.deployment.region}.${var.deployment.dns_suffix}"
}

output "api_name" {
  description = "Name of the API in its CloudWatch metrics."
  value       = aws_api_gateway_rest_api.this.name
}

output "api_url" {
  description = "URL of the API. GET <url>/executions/<name> returns the state of an execution, POST <url>/edits makes an edit."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "executions_url" {
  description = "URL for the state of an execution: <url>/<name>."
  value       = "${aws_api_gateway_stage.this.invoke_url}/executions"
}

output "identity_pool_id" {
  description = "ID of the identity pool that issues AWS credentials to signed-in users."
  value       = aws_cognito_identity_pool.this.id
}

output "role_arn" {
  description = "ARN of the role of signed-in users."
  value       = aws_iam_role.client.arn
}

output "user_pool_arn" {
  description = "ARN of the user pool."
  value       = aws_cognito_user_pool.this.arn
}

output "user_pool_client_id" {
  description = "ID of the user pool client that the gallery's page signs in with."
  value       = aws_cognito_user_pool_client.this.id
}

output "user_pool_id" {
  description = "ID of the user pool that users sign in to."
  value       = aws_cognito_user_pool.this.id
}

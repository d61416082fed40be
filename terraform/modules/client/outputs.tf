output "api_host" {
  description = "Host of the API, which is known before any of its methods is there."
  value       = "${aws_api_gateway_rest_api.this.id}.execute-api.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}"
}

output "api_name" {
  description = "Name of the API, as its metrics call it."
  value       = aws_api_gateway_rest_api.this.name
}

output "api_url" {
  description = "URL of the API: <url>/executions/<name> is an execution's state."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "executions_url" {
  description = "URL under which an execution's state is found by its name."
  value       = "${aws_api_gateway_stage.this.invoke_url}/executions"
}

output "identity_pool_id" {
  description = "Identity pool that gives signed-in clients AWS credentials."
  value       = aws_cognito_identity_pool.this.id
}

output "role_arn" {
  description = "ARN of the role of signed-in clients."
  value       = aws_iam_role.client.arn
}

output "user_pool_client_id" {
  description = "Client of the user pool with which a page signs in."
  value       = aws_cognito_user_pool_client.this.id
}

output "user_pool_id" {
  description = "User pool that clients sign in to."
  value       = aws_cognito_user_pool.this.id
}

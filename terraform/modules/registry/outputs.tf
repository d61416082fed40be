output "images" {
  description = "The pushed images, as `make push` writes them. {}: nothing was pushed yet."
  value       = aws_ssm_parameter.images.insecure_value
}

output "images_parameter" {
  description = "Name of the parameter that `make push` writes."
  value       = aws_ssm_parameter.images.name
}

output "repository_urls" {
  description = "URLs of the repositories, by image, after Lambda may pull from them."
  value       = { for key, repository in aws_ecr_repository.this : key => repository.repository_url }

  depends_on = [aws_ecr_repository_policy.this]
}

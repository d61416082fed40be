output "repository_urls" {
  description = "URLs of the repositories, by image, after Lambda may pull from them."
  value       = { for key, repository in aws_ecr_repository.this : key => repository.repository_url }

  depends_on = [aws_ecr_repository_policy.this]
}

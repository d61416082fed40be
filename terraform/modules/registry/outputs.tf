output "repository_urls" {
  description = "Where each image is pushed to, by image, once Lambda may pull from there."
  value       = { for key, repository in aws_ecr_repository.this : key => repository.repository_url }

  depends_on = [aws_ecr_repository_policy.this]
}
